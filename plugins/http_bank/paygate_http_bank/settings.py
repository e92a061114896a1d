"""Settings of the plugin."""

from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator


class HttpBankSettings(BaseModel):
    """Read from ``PAYGATE_HTTP_BANK_*``."""

    url: str = Field(
        "", pattern=r"^(https?://\S+)?$", description="URL of the bank's API; empty: no processor."
    )
    api_key: SecretStr = Field(SecretStr(""), description="Moves money at the bank.")
    callback_secret: SecretStr = Field(SecretStr(""), description="Signs the bank's callbacks.")
    timeout_s: float = Field(8, gt=0, le=60, description="How long to wait for an answer.")

    @model_validator(mode="after")
    def _has_its_secrets(self) -> Self:
        # An empty secret would accept callbacks that anyone has signed.
        if self.url and not (
            self.api_key.get_secret_value() and self.callback_secret.get_secret_value()
        ):
            raise ValueError("a bank needs its api_key and its callback_secret")
        return self
