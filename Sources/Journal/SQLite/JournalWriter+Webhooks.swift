internal import Deployments

extension JournalWriter {
    func keep(
        _ place: DeliveryCursor,
        after former: DeliveryCursor?,
        of key: String
    ) throws(JournalError) {
        let operation = "keep how far a webhook has come"
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
            for id in former?.delays.keys.filter({ place.delays[$0] == nil }) ?? [] {
                try connection.run(
                    """
                    DELETE FROM webhook_delays WHERE webhook = ?
                        AND deployment = (SELECT number FROM deployments WHERE id = ?)
                    """,
                    [.text(key), .text(id.text)],
                    operation
                )
            }
            for (id, delay) in place.delays where delay != former?.delays[id] {
                // Of a deployment that is forgotten meanwhile, nothing is left to be sent.
                try connection.run(
                    """
                    INSERT OR REPLACE INTO webhook_delays (webhook, deployment, settled, since)
                    SELECT ?, number, ?, ? FROM deployments WHERE id = ?
                    """,
                    [
                        .text(key), .integer(delay.settled),
                        .optional(delay.since?.microseconds), .text(id.text),
                    ],
                    operation
                )
            }
        }
    }

    func forgetWebhooks(except keys: [String]) throws(JournalError) {
        let operation = "forget webhooks"
        try inTransaction(.grouped, operation) { connection throws(JournalError) in
            try connection.run(
                "DELETE FROM webhooks WHERE key NOT IN (SELECT value FROM json_each(?))",
                [.text(JSONValue.strings(keys).text)],
                operation
            )
        }
    }
}
