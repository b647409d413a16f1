extension ManualPage {
    /// A section of the manual page that belongs to no single command.
    struct Section {
        var title: String
        var paragraphs: [String]
    }

    /// What the program promises, in the order of the page.
    static let sections = [
        Section(
            title: "THE REQUEST",
            paragraphs: [
                """
                A deployment is asked for with a JSON object. GET /openapi.json describes every field, answer, \
                event, failure code and status, and has the defaults.
                """,
                """
                These are never copied, at any depth: .git, .gitignore, __pycache__, *.pyc, .DS_Store, \
                node_modules, .next, .vscode, *.log, .env and .env.*, and what a .dockerignore in the folder \
                names. Symbolic links are copied as links; one that is absolute or leads out of the folder ends \
                the deployment. Sockets, pipes and devices are left out.
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
                volumes names volumes and where they are mounted. One that is missing is made, with the labels of \
                the deployment, and no deployment ever removes it: GET /api/volumes lists them, and an admin \
                removes one that nothing uses with DELETE /api/volumes/NAME. A volume that was made by hand is for \
                the tenant default alone. A path in place of a name is a folder or file below a --bind-root.
                """,
                """
                Where the old and the new container would write the same volume, folder or fixed port, the old \
                one is stopped before the new one is started, and started again if that fails. update.order \
                says otherwise; start-first then lets both write at once. Containers of other names are not looked \
                at. update.monitor has the new one watched for so many seconds before it takes over.
                """,
                """
                secrets are files in /run/secrets that only the program's user can read. They lie in a volume that \
                goes with the container, and until it is there in a file of the server's own. With read_only the \
                folder's content, too, lies in such a volume, which the program can write.
                """,
                """
                release_command runs once in a container of its own before the new one is started: after the old \
                one was stopped, if it had to be. It is never run again by itself. If the server ends while it \
                runs, the next one waits for its end; if that cannot be known, the deployment ends as interrupted.
                """,
                """
                After a success the images of older deployments of the app in the environment are removed, but for \
                --keep-images of them, those that were on the engine before, and those that a container, another \
                name or another app needs.
                """,
            ]
        ),
        Section(
            title: "AFTER THE DEPLOYMENT",
            paragraphs: [
                """
                The container of a successful deployment is followed until the engine no longer has it. Its \
                state is running; unhealthy (a required port has failed two probes in a row, the image's own \
                health check fails, or the container is paused); restarting; stopping; stopped; or removed, also \
                if a newer deployment has replaced it. The state is written only when it changes, and not while \
                the engine cannot be asked.
                """,
                """
                A host port that the engine chooses can be another one after every start: the record's workload \
                has the present addresses, and the result keeps those of the deployment.
                """,
                """
                A container is the server's own if its journal knows the container's id. Labels prove nothing: \
                a container that only carries them is reported by slipway check and in the log, and left alone.
                """,
            ]
        ),
        Section(
            title: "WHEN SOMETHING ENDS IN THE MIDDLE",
            paragraphs: [
                """
                Every accepted deployment has exactly one final event, and what was streamed once is replayed \
                byte for byte. If a watcher leaves, nothing changes: Last-Event-ID goes on from where it was.
                """,
                """
                If the server is killed, the next one ends the docker commands that are left and goes on with \
                every deployment from its stage. It finds the container and takes it over, and does a lost pull, \
                copy or health check again. Progress never goes back. A deployment with registry_auth whose image \
                was not yet pulled ends as interrupted, because credentials are not kept.
                """,
                """
                On SIGTERM nothing new is accepted. Running deployments have --drain seconds to end, and go on at \
                the next start if that is not enough. A second signal ends the wait. On SIGHUP the token file is \
                read again.
                """,
                """
                If the engine is restarted, a pull begins again once the engine is back. A container that ended \
                with the engine fails its deployment and is removed. If the disk is full, new deployments are \
                answered with 507, and running ones can still end: 1 MiB in the data directory is reserved for \
                that. A second server on the same data directory is refused.
                """,
            ]
        ),
        Section(
            title: "WHERE THE FILES COME FROM",
            paragraphs: [
                """
                script_folder names a folder on the server's machine. source stands in its place: \
                {"git":"https://host/shop.git","ref":"main","subfolder":"web","submodules":true} for a state of \
                a repository, and {"archive":"sha256:..."} for an archive that was sent before. The same \
                .dockerignore rules, owner and limits hold for all of them, and metadata.source of the result \
                says what was deployed: for a repository also the commit.
                """,
                """
                A repository is reached by https, by ssh, or by a path below a --scripts-root. git runs without \
                anybody's configuration, hooks and questions. GIT_SSL_CAINFO, GIT_SSH_COMMAND, SSH_AUTH_SOCK and \
                the proxies of the server's environment are git's, too; source_auth gives a name and a password \
                for https, which lie in a file of the server's user for as long as the fetch takes. Only what is \
                asked for is fetched, into a mirror for each tenant that is kept as far as \
                --max-git-cache-bytes goes. A repository on the server's machine must hold everything itself: \
                one with alternates, with links or of a partial clone is refused.
                """,
                """
                POST /api/archives takes a tar archive, plain or packed by gzip or zstd, of at most \
                --max-archive-bytes and --max-archive-files. It goes to the disk while it comes, is known by the \
                hash of its bytes, and is forgotten 24 hours after its last use. It is copied into the container \
                as a stream: nothing of it is unpacked on the server. zstd needs the program of that name.
                """,
                """
                slipway deploy packs and sends the folder by itself if the server is elsewhere or does not see \
                it; what the server has already is not sent. --source names another folder, or a repository.
                """,
            ]
        ),
        Section(
            title: "IMAGES THAT ARE BUILT",
            paragraphs: [
                """
                build has the engine build the image of the source's files, in place of one that is pulled: \
                {"dockerfile":"Dockerfile","target":"web","args":{"VERSION":"1.2"}}, or {} for all that \
                Dockerfile says. Nothing is copied into the container then unless copy says so. The files that \
                are never copied are not there for the build either; the file with the steps always is.
                """,
                """
                It is done by docker build, with BuildKit where the docker client uses it: DOCKER_BUILDKIT in \
                the server's environment says so for older clients, and newer ones need their buildx plugin. \
                What the file begins from is pulled with the credentials of the client's own configuration, \
                and asked for anew if pull is always.
                """,
                """
                The image is called slipway/APP: and the first 8 characters of the deployment's id. After a \
                success the older ones are removed, but for --keep-images of them; a deployment that fails \
                removes its own. The images of a file's other stages, which the classic builder keeps, stay as \
                they do with docker build: docker image prune removes them.
                """,
                """
                The values of args are masked in every line of the deployment and not kept, but docker writes \
                them into the image's history, where everybody sees them who has the image: they are no place \
                for secrets. The client gets them as variables. So names that would steer it are refused; if it \
                is a script, reaches the engine by ssh, or asks helpers for credentials, a name must begin with \
                ARG_ or BUILD_. A build may run whatever it likes in containers of the engine, without limits of memory and \
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
                A push to that branch deploys the request with the commit that was pushed. It is answered at once \
                with the deployment. The same delivery deploys once, for as long as its deployment is in the \
                history. Other events and branches are answered and deploy nothing.
                """,
            ]
        ),
        Section(
            title: "CONTINUOUS INTEGRATION",
            paragraphs: [
                """
                slipway deploy app.json --watch ends with the deployment, and its exit status fails the job. With \
                --idempotency-key and the number of the run, a job that is run again does not deploy twice. \
                --set 'metadata={"commit":"..."}' keeps the commit with the deployment. SLIPWAY_SERVER and \
                SLIPWAY_TOKEN say where the server is and who asks.
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
                [{"name":"ci","token":"...","tenant":"red","role":"deployer","apps":["site"]}]. A viewer can \
                look; a deployer can also deploy, cancel, stop and start; an admin can also forget deployments \
                and read /readyz and /metrics. "apps":["*"] stands for all apps. Deployments of another tenant, \
                or of an app that is not named, do not exist for a token: they are answered with 404 and are in \
                no list, count or stream. Their containers are not replaced and their networks not joined.
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
                following a link, and must be the files that were collected.
                """,
            ]
        ),
        Section(
            title: "WEBHOOKS",
            paragraphs: [
                """
                --webhook sends every change of stage and every end as a POST of \
                {"type","timestamp","data"}, signed as Standard Webhooks describes. The events of a deployment \
                come in order, each at least once under one webhook-id, for three days and also after a restart. \
                The secret is best given in SLIPWAY_WEBHOOK_SECRET. Redirects and proxies are not used. \
                Link-local addresses and those of cloud metadata services are refused unless \
                --webhook-allow-address names them. The status 410 ends the webhook until the next start.
                """
            ]
        ),
        Section(
            title: "LIMITS",
            paragraphs: [
                """
                There is one engine, on the machine of the server: published ports are probed from there. UDP \
                ports are published and not probed. A folder of a --bind-root is looked at before docker mounts \
                it: whoever can write there can swap it in between. After docker kill with a signal other than INT, QUIT, KILL and TERM \
                a container is not told as stopping. The engine sets file dates before 1970 to 1970. In a \
                followed log a long line can be cut by a line of the other stream. After a failed deployment its \
                image stays in the engine until the app's next success. Tenants share the scripts roots, the engine's images, named networks, \
                and the numbering of events and deployments.
                """
            ]
        ),
    ]
}
