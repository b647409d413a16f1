import Deployments

/// The text that says where a deployment's files came from.
enum SourceText {
    /// A text such as `https://git.example/shop.git at 95790bf891e7 (main)`, or an archive's id; nil if the
    /// source was a folder.
    ///
    /// - Parameter source: the field `metadata.source` of a result.
    static func text(_ source: JSONValue?) -> String? {
        if let archive = source?["archive"]?.string { return "archive \(archive.prefix(19))" }
        guard let url = source?["url"]?.string else { return nil }
        let commit = source?["commit"]?.string
        let ref = source?["ref"]?.string.flatMap { $0 == commit ? nil : " (\($0))" } ?? ""
        return url + (commit.map { " at \($0.prefix(12))" } ?? "") + ref
    }
}
