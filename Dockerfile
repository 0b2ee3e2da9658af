# Timbrel as a container, for amd64 and arm64:
#   docker build --tag timbrel .
#   docker run --device /dev/snd --group-add audio -v ./timbrel.yaml:/etc/timbrel/timbrel.yaml:ro timbrel
# With a broker beside it: configs/container/compose.yaml.
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv
COPY requirements.lock requirements/tools.lock pyproject.toml README.md LICENSE LICENSE-APACHE NOTICE /source/
COPY daemon /source/daemon
RUN python3 -m venv /opt/timbrel \
    && /opt/timbrel/bin/pip install --no-cache-dir --require-hashes --requirement /source/tools.lock \
    && /opt/timbrel/bin/pip install --no-cache-dir --require-hashes --requirement /source/requirements.lock \
    && /opt/timbrel/bin/pip install --no-cache-dir --no-deps --no-build-isolation /source \
    && /opt/timbrel/bin/pip uninstall --yes setuptools

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 libportaudio2 libasound2-plugins \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --groups audio timbrel \
    && install --directory --owner timbrel --mode 0700 /var/lib/timbrel
COPY --from=build /opt/timbrel /opt/timbrel
ENV STATE_DIRECTORY=/var/lib/timbrel
VOLUME /var/lib/timbrel
USER timbrel
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/timbrel/bin/timbrel"]
CMD ["run", "--config", "/etc/timbrel/timbrel.yaml"]
