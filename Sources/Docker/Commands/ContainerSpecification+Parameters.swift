import Deployments
import Engine

extension ContainerSpecification {
    /// What follows `docker create`, in an order that depends on the values alone.
    ///
    /// - Parameter readingEnvironment: whether the variables come by the standard input.
    func parameters(readingEnvironment: Bool = false) -> [String] {
        var list = ["--name=\(name)", "--restart=\(restart)"]
        if pullNever { list.append("--pull=never") }
        if let platform { list.append("--platform=\(platform)") }
        if let memory { list.append("--memory=\(memory)") }
        if let cpus { list.append("--cpus=\(cpus)") }
        if let network { list.append("--network=\(network)") }
        list += ports.map { "--publish=\(publication($0))" }
        if readingEnvironment { list.append("--env-file=/dev/stdin") }
        list += labels.sorted { $0.key < $1.key }.map { "--label=\($0.key)=\($0.value)" }
        return list + ["--", image] + command
    }

    private func publication(_ port: PortMapping) -> String {
        let address = port.bind ?? publishAddress
        // An IPv6 address has colons of its own.
        let place = address.contains(":") && !address.hasPrefix("[") ? "[\(address)]" : address
        return "\(place):\(port.host.map(String.init) ?? ""):\(port.container)/tcp"
    }
}
