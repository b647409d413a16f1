internal import Deployments
internal import Journal

/// Stores what is committed without an event.
extension JournalWriter {
    func intend(_ intent: Intent, by driver: Driver) throws(JournalError) {
        let operation = "store what a deployment is about to do"
        var driven = try driven(driver.deploymentID, operation)
        try driven.verify(driver)
        try driven.intents.add(intent)
        try keep(driven, operation)
    }

    func announce(creation: String, by driver: Driver) throws(JournalError) {
        let operation = "announce a container"
        let driven = try driven(driver.deploymentID, operation)
        try driven.verify(driver)
        try run(
            """
            INSERT INTO containers (creation, deployment, tenant, app, name)
            VALUES (?, ?, ?, ?, ?)
            """,
            [
                .text(creation), .text(driver.deploymentID.text), .text(driven.deployment.tenant),
                .text(driven.deployment.app), .text(driven.deployment.containerName),
            ],
            .durable,
            operation
        )
    }

    func own(_ container: String, from creation: String) throws(JournalError) {
        // If a power failure undoes this, the container is found again by the token and the name.
        try run(
            "UPDATE containers SET container = ? WHERE creation = ?",
            [.text(container), .text(creation)],
            .grouped,
            "store a container's id"
        )
    }
    func own(image: String, by driver: Driver) throws(JournalError) {
        let operation = "store the owner of an image"
        let driven = try driven(driver.deploymentID, operation)
        try driven.verify(driver)
        // The latest deployment to bring the image has found that it was not there, so it replaces
        // an earlier one.
        try run(
            "INSERT OR REPLACE INTO images (image, tenant, app, environment) VALUES (?, ?, ?, ?)",
            [
                .text(image), .text(driven.deployment.tenant), .text(driven.deployment.app),
                .text(driven.deployment.environment),
            ],
            .grouped,
            operation
        )
    }

    func forget(images: [String]) throws(JournalError) {
        try run(
            "DELETE FROM images WHERE image IN (SELECT value FROM json_each(?))",
            [.text(JSONValue.strings(images).text)],
            .grouped,
            "forget images"
        )
    }

    /// Forgets the keys of clients that are older than `moment`.
    func forgetKeys(before moment: Timestamp) throws(JournalError) {
        try run(
            "DELETE FROM idempotency_keys WHERE created_at < ? AND substr(key, 1, ?) <> ?",
            [
                .integer(moment.microseconds),
                .integer(Int64(IdempotencyKey.deliveryPrefix.utf8.count)),
                .text(IdempotencyKey.deliveryPrefix),
            ],
            .grouped,
            "forget idempotency keys"
        )
    }

    func keep(
        _ place: DeliveryCursor,
        after former: DeliveryCursor?,
        of key: String
    ) throws(JournalError) {
        let operation = "store a webhook's cursor"
        try inTransaction(.grouped, operation) { connection throws(JournalError) in
            if place.position != former?.position {
                try connection.run(
                    """
                    INSERT INTO webhooks (key, position) VALUES (?, ?)
                    ON CONFLICT (key) DO UPDATE SET position = excluded.position
                    """,
                    [.text(key), .integer(place.position)],
                    operation
                )
            }
            for id in former?.lags.keys.filter({ place.lags[$0] == nil }) ?? [] {
                try connection.run(
                    """
                    DELETE FROM webhook_delays WHERE webhook = ?
                        AND deployment = (SELECT number FROM deployments WHERE id = ?)
                    """,
                    [.text(key), .text(id.text)],
                    operation
                )
            }
            for (id, lag) in place.lags where lag != former?.lags[id] {
                // If the deployment was forgotten meanwhile, it has nothing left to send.
                try connection.run(
                    """
                    INSERT OR REPLACE INTO webhook_delays (webhook, deployment, settled, since)
                    SELECT ?, number, ?, ? FROM deployments WHERE id = ?
                    """,
                    [
                        .text(key), .integer(lag.settled),
                        .optional(lag.since?.microseconds), .text(id.text),
                    ],
                    operation
                )
            }
        }
    }

    func forgetWebhooks(except keys: [String]) throws(JournalError) {
        try run(
            "DELETE FROM webhooks WHERE key NOT IN (SELECT value FROM json_each(?))",
            [.text(JSONValue.strings(keys).text)],
            .grouped,
            "forget webhooks"
        )
    }
}
