extension SHA256 {
    /// The hash of the bytes with a key (HMAC, RFC 2104 section 2), 32 bytes.
    public static func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var block = key.count > blockSize ? hash(key) : key
        block += [UInt8](repeating: 0, count: blockSize - block.count)
        let inner = hash(block.map { $0 ^ 0x36 } + bytes)
        return hash(block.map { $0 ^ 0x5C } + inner)
    }

    private static let blockSize = 64
}
