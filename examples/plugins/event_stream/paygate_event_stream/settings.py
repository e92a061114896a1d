"""What the stream is told."""

from pathlib import Path

from pydantic import BaseModel, Field


class StreamSettings(BaseModel):
    """Read from ``PAYGATE_EVENT_STREAM_*``."""

    file: Path | None = Field(None, description="Where lines go; none are written without it.")
    file_bytes_max: int = Field(
        100_000_000, ge=1_000, description="A file that would grow larger is put aside."
    )
    files_kept: int = Field(10, ge=1, le=1000, description="So many that were put aside are kept.")
    kafka: str = Field("", description="host:port,… of brokers; no records without it.")
    topic: str = Field("paygate.events", description="Where records go.")
