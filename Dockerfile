# Build -> test -> an empty base with the binary, its libraries and the shipped models. All logic is in deploy/ci, where the tests
# run it too.
#
#   docker build -t octet .                                     with OpenBLAS for float layers, about 56 MB
#   docker build -t octet:int8 --build-arg VARIANT=release-int8 .          int8 models only, about 15 MB
#   docker build --target test .                                the C tests
#   docker run --read-only -p 8080:8080 -v octet:/var/lib/octet octet
FROM debian:bookworm-slim AS build
ARG VARIANT=release
WORKDIR /src
COPY deploy/ci/packages.sh deploy/ci/
RUN sh deploy/ci/packages.sh build run
COPY . .
RUN sh deploy/ci/build.sh "$VARIANT" && sh deploy/ci/rootfs.sh "build/$VARIANT" /rootfs

FROM build AS test
RUN sh tests/run.sh --quick

FROM scratch
COPY --from=build /rootfs /
USER 65532:65532
# Other threads of OpenBLAS would only stand in the workers' way. Calls that change models need a token when the address is not
# loopback: mount a file and set OCTET_MANAGEMENT_TOKEN_FILE.
ENV OPENBLAS_NUM_THREADS=1 \
    OCTET_SERVER_ADDRESS=0.0.0.0 \
    OCTET_SERVER_PORT=8080 \
    OCTET_MODELS_DIRECTORY=/usr/share/octet/models \
    OCTET_MODELS_STORE=/var/lib/octet
EXPOSE 8080
VOLUME /var/lib/octet
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s CMD ["/usr/bin/octet", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/octet"]
CMD ["serve"]
