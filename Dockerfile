# One image; the command picks the process: serve, work, pages or migrate.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app
# Every file that is downloaded must have one of the hashes in the list.
COPY image-requirements.txt ./
RUN pip install --require-hashes --requirement image-requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY paygate paygate
COPY plugins plugins
RUN pip install --no-deps --no-build-isolation . ./plugins/upi_sim ./plugins/card_sim ./plugins/webhook_http \
    && useradd --system --create-home paygate \
    && mkdir /data && chown paygate /data

USER paygate
WORKDIR /data
# Development has to be asked for: it accepts published credentials.
ENV PAYGATE_ENV=production
# Every interface: a container's own address is the only way in.
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000 3000 3001
ENTRYPOINT ["paygate"]
CMD ["serve"]
