extension ManualPage {
    /// A section of the manual page that belongs to no single command.
    struct Section {
        var title: String
        var paragraphs: [String]
    }

    /// The sections that describe how the program behaves, in the order of the page.
    static let sections = [
        Section(
            title: "THE REQUEST",
            paragraphs: [
                """
                A deployment is requested with a JSON object. GET /openapi.json describes every field with \
                its default, and every answer, event, failure code and status.
                """,
                """
                These are never copied, at any depth: .git, .gitignore, __pycache__, *.pyc, .DS_Store, \
                node_modules, .next, .vscode, *.log, .env and .env.*, and what a .dockerignore in the \
                folder names. Symbolic links are copied as links; a link that is absolute or leads out of \
                the folder fails the deployment. Sockets, pipes and devices are left out.
                """,
                """
                If a request carries the header Idempotency-Key, a request with the same key within 24 hours is \
                answered with the same deployment. The same key with another body is refused with 409.
                """,
            ]
        ),
        Section(
            title: "CONTAINERS THAT KEEP DATA",
            paragraphs: [
                """
                The field volumes names volumes and where they are mounted. A missing volume is made, with \
                the labels of the deployment, and no deployment ever removes it: GET /api/volumes lists \
                the volumes, and an admin removes an unused one with DELETE /api/volumes/NAME. Only the \
                tenant default can use a volume that was made by hand. If there is a path in place of a \
                name, a folder or file below a --bind-root is mounted.
                """,
                """
                If the old and the new container would write the same volume or folder, or need the same \
                fixed port, the old one is stopped before the new one is started, and started again if the \
                new one fails. update.order overrides that; with start-first both may then write at once. \
                Containers of other names are not considered. If update.monitor is set, the new one must \
                stay healthy for that number of seconds before it takes over.
                """,
                """
                The field secrets makes files in /run/secrets that only the program's user can read. They \
                are kept in a volume that is removed with the container and, until that volume exists, in \
                a private file of the server. With read_only the folder's content, too, is in such a \
                volume, which the program can write.
                """,
                """
                The release_command runs once, in a container of its own, before the new container is \
                started; if the old one has to be stopped first, it runs after that. It is never repeated \
                automatically. If the server ends while it runs, the next server waits for its end; if its \
                end cannot be found out, the deployment ends as interrupted.
                """,
                """
                After a success the images of the app's older deployments in the environment are removed, \
                except for --keep-images of them, those that were on the engine before, and those that a \
                container, another name or another app needs.
                """,
            ]
        ),
        Section(
            title: "AFTER THE DEPLOYMENT",
            paragraphs: [
                """
                The container of a successful deployment is monitored until the engine no longer has it. \
                Its state is running; unhealthy (a required port has failed two probes in a row, the \
                image's own health check fails, or the container is paused); restarting; stopping; \
                stopped; or removed, also if a newer deployment has replaced it. The state is recorded \
                only when it changes, and not while the engine does not answer.
                """,
                """
                A host port that the engine chooses can change with every start: the record's workload has \
                the current addresses, and the result keeps those of the deployment.
                """,
                """
                A container is the server's own if its journal knows the container's id. Labels prove \
                nothing: a container that only has the labels is reported by slipway check and in the log, \
                and left alone.
                """,
            ]
        ),
        Section(
            title: "WHEN SOMETHING ENDS IN THE MIDDLE",
            paragraphs: [
                """
                Every accepted deployment has exactly one final event, and events that were streamed once \
                are replayed byte for byte. A watcher that leaves changes nothing; with Last-Event-ID it \
                continues where it left off.
                """,
                """
                If the server is killed, the next one ends the docker commands that are left over and \
                continues every deployment at its stage. It finds the deployment's container and adopts \
                it, and repeats a pull, copy or health check that was lost. Progress never goes back. A \
                deployment with registry_auth whose image was not yet pulled ends as interrupted, because \
                credentials are not kept.
                """,
                """
                On SIGTERM nothing new is accepted. Running deployments have --drain seconds to end, and \
                continue at the next start if that is not enough. A second signal ends the wait. On SIGHUP \
                the token file is read again.
                """,
                """
                If the engine is restarted, a pull begins again once the engine is back. A container that \
                ended with the engine fails its deployment and is removed. If the disk is full, new \
                deployments are answered with 507, but running ones can still end: 1 MiB in the data \
                directory is reserved for that. A second server on the same data directory is refused.
                """,
            ]
        ),
        Section(
            title: "WHERE THE FILES COME FROM",
            paragraphs: [
                """
                The field script_folder names a folder on the server's machine. The field source can take \
                its place: \
                {"git":"https://host/shop.git","ref":"main","subfolder":"web","submodules":true} for a \
                repository, and {"archive":"sha256:..."} for an archive that was sent before. The same \
                .dockerignore rules, owner and limits apply to all of them, and metadata.source of the \
                result says what was deployed: for a repository also the commit.
                """,
                """
                A repository is reached by https, by ssh, or by a path below a --scripts-root. git runs \
                without any user's configuration, without hooks, and never asks anything. From the \
                server's environment it gets GIT_SSL_CAINFO, GIT_SSH_COMMAND, SSH_AUTH_SOCK and the proxy \
                variables. source_auth gives a name and a password for https; during the fetch they are in \
                a file that only the server's user can read. Only what the request needs is fetched, into \
                a mirror for each tenant; --max-git-cache-bytes limits the size of all mirrors together. A \
                repository on the server's machine must contain all its objects: a repository with \
                alternates or links, or a partial clone, is refused.
                """,
                """
                POST /api/archives takes a tar archive, plain or packed by gzip or zstd, within the limits \
                of --max-archive-bytes and --max-archive-files. It is written to the disk as it arrives, \
                is identified by the hash of its bytes, and is removed 24 hours after its last use. It is \
                copied into the container as a stream and never unpacked on the server. For zstd, the \
                program of that name must be installed.
                """,
                """
                If the server is on another machine or does not see the folder, slipway deploy packs the \
                folder and sends it, unless the server has that archive already. --source names another \
                folder, or a repository.
                """,
            ]
        ),
        Section(
            title: "IMAGES THAT ARE BUILT",
            paragraphs: [
                """
                With the field build the engine builds the image from the source's files, and no image is \
                pulled for the container: \
                {"dockerfile":"Dockerfile","target":"web","args":{"VERSION":"1.2"}}, or {} for everything \
                that Dockerfile says. The files are then copied into the container only if copy says so. \
                Files that are never copied are missing in the build, too, except for the Dockerfile \
                itself.
                """,
                """
                The image is built by docker build, with BuildKit if the docker client uses it: for older \
                clients DOCKER_BUILDKIT in the server's environment decides, and newer ones need their \
                buildx plugin. The images that the Dockerfile begins from are pulled with the credentials \
                in the client's own configuration; if pull is always, the registry is asked for newer \
                ones.
                """,
                """
                The image is named slipway/APP, with the first 8 characters of the deployment's id as its \
                tag. After a success the older ones are removed, except for --keep-images of them; a \
                deployment that fails removes its own. The images of the Dockerfile's other stages, which \
                the classic builder keeps, stay as they do after docker build: docker image prune removes \
                them.
                """,
                """
                The values of args are masked in every line of the deployment and not kept, but docker \
                writes them into the image's history, which everybody who has the image can read: do not \
                use them for secrets. The docker client gets them as environment variables, so names that \
                would change what the client does are refused. If the client is a script, reaches the \
                engine by ssh, or asks helpers for credentials, a name must begin with ARG_ or BUILD_. A \
                build may run anything in containers of the engine, without limits of memory and \
                processor: whoever may deploy may do that.
                """,
            ]
        ),
        Section(
            title: "PUSH TO DEPLOY",
            paragraphs: [
                """
                --hooks names a file with mode 0600 that holds a JSON array: [{"name":"shop","forge":"github", \
                "secret":"...","tenant":"default","deploy":[{"repository":"acme/shop","branch":"main", \
                "request":{"script_name":"shop","source":{"git":"https://github.com/acme/shop.git"}}}]}]. The \
                forge is github, gitlab or gitea, and sends its push events as application/json to \
                /api/hooks/shop, with the secret as its webhook's secret or token.
                """,
                """
                A push to that branch deploys the request with the commit that was pushed. The forge is \
                answered at once, with the deployment. A delivery that is repeated does not deploy again \
                as long as its deployment is in the history. Other events and branches are answered, but \
                deploy nothing.
                """,
            ]
        ),
        Section(
            title: "CONTINUOUS INTEGRATION",
            paragraphs: [
                """
                slipway deploy app.json --watch ends when the deployment ends, and its exit status fails \
                the job if the deployment has failed. If the number of the run is the --idempotency-key, a \
                job that is run again does not deploy twice. --set 'metadata={"commit":"..."}' stores the \
                commit with the deployment. SLIPWAY_SERVER and SLIPWAY_TOKEN give the address of the \
                server and the token.
                """
            ]
        ),
        Section(
            title: "SECURITY",
            paragraphs: [
                """
                Whoever may deploy may run any image that the engine can pull, and the engine's user is root: \
                guard the server like the engine's socket. Without tokens the server listens on loopback only, \
                and everybody who reaches it may do everything.
                """,
                """
                --tokens names a file with mode 0600 that holds a JSON array: \
                [{"name":"ci","token":"...","tenant":"red","role":"deployer","apps":["site"]}]. A viewer \
                can read; a deployer can also deploy, cancel, stop and start; an admin can also forget \
                deployments and read /readyz and /metrics. "apps":["*"] stands for all apps. Deployments \
                of another tenant, or of an app that is not named, do not exist for a token: they are \
                answered with 404 and are in no list, count or stream. Their containers are not replaced \
                and their networks not joined.
                """,
                """
                Without tokens a request must be addressed to the server's own name or to one that --allow-host \
                adds. Pages of other origins are refused unless --allow-origin names them.
                """,
                """
                No value reaches a shell, and no value can be read as an option of docker. Environment values \
                reach docker by its standard input, never by its arguments or its own environment. Values of six \
                characters or more are masked in every line that is kept or sent, also in the forms in which \
                JSON, URLs, Go, shells and HTML write them.
                """,
                """
                Only folders below a --scripts-root can be copied. Files are opened below the root without \
                following a link, and must still be the files that were collected.
                """,
            ]
        ),
        Section(
            title: "WEBHOOKS",
            paragraphs: [
                """
                --webhook sends every change of stage and every end as a POST of \
                {"type","timestamp","data"}, signed as Standard Webhooks describes. The events of a \
                deployment arrive in order, each at least once and always under the same webhook-id. \
                Delivery is tried for three days, also after a restart. The secret is best given in \
                SLIPWAY_WEBHOOK_SECRET. Redirects and proxies are not used. Link-local addresses and those \
                of cloud metadata services are refused unless --webhook-allow-address names them. If the \
                receiver answers 410, nothing more is sent to it until the next start.
                """
            ]
        ),
        Section(
            title: "LIMITS",
            paragraphs: [
                """
                There is one engine, on the machine of the server: published ports are probed from there. \
                UDP ports are published but not probed. A folder below a --bind-root is checked before \
                docker mounts it; whoever can write there can replace it in between. After docker kill \
                with a signal other than INT, QUIT, KILL and TERM the container is not shown as stopping. \
                The engine sets file dates before 1970 to 1970. In a followed log a line of the other \
                stream can break up a long line. After a failed deployment its image stays in the engine \
                until the app's next success. Tenants share the scripts roots, the engine's images, named \
                networks, and the numbering of events and deployments.
                """
            ]
        ),
    ]
}
