# Two images. The one that is built by default is for production; its command picks the process:
# serve, work, pages or migrate. The other one is for test suites, with all servers in it:
# docker build --target testing -t paygate-testing .
FROM python:3.12-slim AS paygate

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
# Every interface: a container's own address is the only way in.
ENV HOST=0.0.0.0 PORT=8000
ENTRYPOINT ["paygate"]

# PostgreSQL comes with the wheel, and keeps its data in the container's memory or /tmp.
FROM paygate AS testing
USER root
COPY image-testing-requirements.txt /app/
RUN pip install --require-hashes --requirement /app/image-testing-requirements.txt
USER paygate
# Its credentials are published: every client that reaches the port may use it.
ENV PAYGATE_ENV=development PAYGATE_ALLOW_REMOTE_DEV=true
EXPOSE 8000
HEALTHCHECK --interval=1s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["dev", "--ephemeral", "--port", "8000"]

FROM paygate AS production
# Development has to be asked for: it accepts published credentials.
ENV PAYGATE_ENV=production
EXPOSE 8000 3000 3001
CMD ["serve"]
