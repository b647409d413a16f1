/// Reads the files in a small tar archive (POSIX.1-1988 ustar) that the engine has made.
enum TarContents {
    private static let blockSize = 512
    /// The type flags that mean a file.
    private static let files: Set<UInt8> = [0, 0x30]

    /// The contents of the files, by the last components of their names. Incomplete files are left out.
    static func files(in archive: [UInt8]) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        var place = 0
        while place + blockSize <= archive.count {
            let header = archive[place..<place + blockSize]
            place += blockSize
            let name = header.prefix(100).prefix { $0 != 0 }
            guard !name.isEmpty, let size = octal(header.dropFirst(124).prefix(12)),
                size <= archive.count - place
            else { return files }
            let kind = header[header.startIndex + 156]
            if Self.files.contains(kind) {
                let last = name.split(separator: UInt8(ascii: "/")).last ?? []
                files[String(decoding: last, as: UTF8.self)] = Array(archive[place..<place + size])
            }
            place += (size + blockSize - 1) / blockSize * blockSize
        }
        return files
    }

    /// The number in a field of octal digits, which a zero or a blank ends; nil for anything else.
    private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
        let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        return digits.isEmpty ? nil : Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}
