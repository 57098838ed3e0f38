# The backup runner: the database image (pgBackRest speaks only to its own version, and a drill starts a PostgreSQL of the same build) and
# Hub's program. A file of its own: the classic builder builds every stage above the one it is asked for, and this one needs none of those in
# images/Dockerfile, but may stand on any database image. `./hub images` builds it.
ARG DATABASE_IMAGE=hub/database:local
FROM ${DATABASE_IMAGE}
LABEL org.opencontainers.image.title="hub/backup" org.opencontainers.image.description="Hub's backup runner"
ENV DOTNET_EnableDiagnostics=0 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
USER 0:0
RUN install -d -o 1000 -g 1000 -m 0700 /var/lib/hub-backup
COPY artifacts/images/backup /app
USER 1000:1000
WORKDIR /var/lib/hub-backup
ENTRYPOINT ["/app/hub-backup"]
CMD ["list"]
