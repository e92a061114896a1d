"""The settings of the stream."""

from pathlib import Path

from pydantic import BaseModel, Field


class StreamSettings(BaseModel):
    """Read from ``PAYGATE_EVENT_STREAM_*``."""

    file: Path | None = Field(None, description="File for the lines; empty for none.")
    file_bytes_max: int = Field(100_000_000, ge=1_000, description="Maximum size before rotation.")
    files_kept: int = Field(10, ge=1, le=1000, description="How many rotated files are kept.")
    kafka: str = Field("", description="Brokers as host:port,…; empty for none.")
    topic: str = Field("paygate.events", description="Topic of the records.")
