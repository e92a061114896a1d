"""The use cases: one file each, one async function of the same name."""
