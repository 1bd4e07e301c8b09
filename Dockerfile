# syntax=docker/dockerfile:1
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/proprio ./cmd/proprio \
    && mkdir -m 700 /out/data

# The final image holds the program, the CA roots, the time zones and an empty data folder: nothing to log in to, nothing
# to patch. `.ci/rootless` proves that the program runs with exactly these files.
FROM scratch
COPY --from=build /out/proprio /proprio
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /usr/local/go/lib/time/zoneinfo.zip
ENV ZONEINFO=/usr/local/go/lib/time/zoneinfo.zip
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK CMD ["/proprio", "healthcheck"]
ENTRYPOINT ["/proprio"]
CMD ["serve", "--data", "/data", "--listen", "0.0.0.0:8080"]
