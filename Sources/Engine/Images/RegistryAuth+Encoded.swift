public import Deployments
import Foundation

extension Credentials {
    /// User name and password as docker's configuration and the registries' protocol write them
    /// (RFC 7617 section 2). Secret.
    public var encoded: String {
        Data("\(username):\(password)".utf8).base64EncodedString()
    }
}
