/// Collects from the fields where the content ends and whether the connection is kept.
struct MessageFraming: Sendable {
    /// How the content is delimited (RFC 9112 section 6.3).
    enum Content: Equatable {
        case none
        case length(Int)
        case chunked
    }

    private var length: Int?
    private var codings: [String] = []
    private var hosts = 0
    private var closes = false
    private var asksToStay = false
    /// Whether the client waits for `100 Continue`.
    private(set) var expectsContinue = false

    /// Notes a field if it matters here. An ambiguous field is refused at once, so that it is
    /// refused even if the field section never ends.
    mutating func note(_ name: String, _ value: String, minorVersion: UInt8) throws(RequestError) {
        switch name.utf8.count {
        case 4 where HeaderFields.isSame(name, "host"):
            hosts += 1
            // RFC 9112 section 3.2: more than one Host field, or an invalid one, is answered 400.
            guard hosts == 1 else { throw .malformed("There is more than one Host field.") }
            guard Authority.isValid(value) else {
                throw .malformed("The Host field is not a host and a port.")
            }
        case 6 where HeaderFields.isSame(name, "expect") && minorVersion > 0:
            // RFC 9110 section 10.1.1: an HTTP/1.0 client cannot expect anything.
            guard HeaderFields.isSame(value, "100-continue") else { throw .unknownExpectation }
            expectsContinue = true
        case 10 where HeaderFields.isSame(name, "connection"):
            for option in Bytes.members(value) {
                if HeaderFields.isSame(option, "close") { closes = true }
                if HeaderFields.isSame(option, "keep-alive") { asksToStay = true }
            }
        case 14 where HeaderFields.isSame(name, "content-length"):
            try noteLength(value)
        case 17 where HeaderFields.isSame(name, "transfer-encoding"):
            try noteCodings(value, minorVersion: minorVersion)
        default:
            break
        }
    }

    /// Returns how the content is delimited. Called after all fields have come.
    func content(minorVersion: UInt8) throws(RequestError) -> Content {
        guard hosts > 0 || minorVersion == 0 else {
            throw .malformed("There is no Host field.")
        }
        if let length { return length == 0 ? .none : .length(length) }
        guard let last = codings.last else { return .none }
        guard codings.count == 1, last == "chunked" else {
            throw .notImplemented("The only transfer coding this server knows is chunked.")
        }
        return .chunked
    }

    /// Whether the connection is kept after the answer (RFC 9112 section 9.3).
    func keepsAlive(minorVersion: UInt8) -> Bool {
        !closes && (minorVersion > 0 || asksToStay)
    }

    private mutating func noteLength(_ value: String) throws(RequestError) {
        guard length == nil else { throw .malformed("There is more than one Content-Length.") }
        guard codings.isEmpty else { throw Self.twoLengths }
        guard !value.isEmpty, value.utf8.allSatisfy(Bytes.isDigit) else {
            throw .malformed("The Content-Length is not a number.")
        }
        guard let number = Int(value) else {
            throw .malformed("The Content-Length is out of range.")
        }
        length = number
    }

    private mutating func noteCodings(_ value: String, minorVersion: UInt8) throws(RequestError) {
        // RFC 9112 section 6.1: together with a length, or in HTTP/1.0, the framing cannot be
        // trusted.
        guard length == nil else { throw Self.twoLengths }
        guard minorVersion > 0 else {
            throw .malformed("HTTP/1.0 has no transfer codings.")
        }
        let named = Bytes.members(value)
        guard !named.isEmpty else { throw .malformed("The Transfer-Encoding is empty.") }
        for coding in named {
            // RFC 9112 section 6.3: chunked must occur once, as the last coding.
            guard codings.last != "chunked" else {
                throw .malformed("The transfer coding chunked is not the last one.")
            }
            guard coding.utf8.allSatisfy(Bytes.isToken) else {
                throw .malformed("The Transfer-Encoding is malformed.")
            }
            codings.append(coding.lowercased())
        }
    }

    private static let twoLengths = RequestError.malformed(
        "Content-Length and Transfer-Encoding do not go together."
    )
}
