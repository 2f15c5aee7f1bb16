# One image for all services: `estore` with BigQuery and Dagster. compose.yaml sets what each container runs.
# The base image has a tag and no digest. Dependabot updates the tag. Pin the digest where you build:
# docker buildx imagetools inspect python:3.13-slim-bookworm
FROM python:3.13-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/estore
WORKDIR /build
COPY .ci/uv.txt ./
RUN pip install --no-cache-dir --require-hashes -r uv.txt
# Packages come first: they change rarely and stay in the cache.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-cache --no-dev --no-install-project --extra bigquery --extra dagster --extra s3
COPY README.md LICENSE CHANGELOG.md ./
COPY estore estore
COPY transform transform
RUN uv sync --locked --no-cache --no-dev --no-editable --extra bigquery --extra dagster --extra s3

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 estore \
    && useradd --uid 10001 --gid estore --no-create-home --home-dir /data --shell /usr/sbin/nologin estore \
    && install --directory --mode 700 --owner estore --group estore /data
COPY --from=build /opt/estore /opt/estore
COPY .ci/container-entrypoint /usr/local/bin/container-entrypoint
ENV PATH=/opt/estore/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp ESTORE_HOME=/data DAGSTER_HOME=/data/dagster
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 3000 8321
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8321/healthz', timeout=3)"]
ENTRYPOINT ["container-entrypoint"]
CMD ["estore", "serve", "--host", "0.0.0.0", "--port", "8321"]
