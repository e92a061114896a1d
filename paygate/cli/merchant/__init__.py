"""Commands for merchants' developers. They use the API, as the merchant's own programs do."""
