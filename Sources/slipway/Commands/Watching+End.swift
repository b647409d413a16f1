import Client
import Deployments
import Foundation
import Sockets
import Terminal

extension Watching {
    /// Prints how the deployments ended, and returns the exit status.
    func conclude() async -> ExitStatus {
        await screen.update(region: [])
        if options.isQuiet {
            for row in state.rows {
                guard let event = finals[row.id] else { continue }
                if let url = event.outcome?.result.endpointURL, event.stage == .completed {
                    await screen.update([printable(url)])
                } else if event.stage != .completed {
                    let code = event.outcome?.failure?.code.rawValue ?? event.stage.rawValue
                    Slipway.complain("\(row.name) \(row.id): \(code): \(event.message)")
                }
            }
        } else if !options.isJSON {
            await screen.update(lines.footer(state, now: .now(), width: screen.width))
        }
        let stages = finals.values.map(\.stage)
        if stages.contains(.error) { return .failed }
        if isRefused { return .refused }
        if stages.contains(where: { $0 == .cancelled || $0 == .superseded }) { return .cancelled }
        return .success
    }

    /// Ends the watch before the deployments have ended, and prints how to watch them again.
    func giveUp(_ reason: String) async {
        await screen.update(region: [])
        let unfinished = state.rows.filter { finals[$0.id] == nil }.map(\.id.text)
        guard !unfinished.isEmpty else { return Slipway.complain("the watch has ended.") }
        Slipway.complain(
            "\(reason)\nTo follow \(unfinished.count == 1 ? "it" : "them") again, run:"
                + " slipway watch\(client.again) \(unfinished.joined(separator: " "))"
        )
    }

    /// Waits for Ctrl-C, and draws anew if the size of the terminal changes.
    ///
    /// On a terminal the first Ctrl-C asks what to do; the second one leaves the deployments running.
    func heed(_ signals: AsyncStream<Int32>) async -> End? {
        let (occasions, continuation) = AsyncStream.makeStream(of: Occasion.self)
        // The task ends with the process; nobody else reads the signals.
        Task { for await signal in signals { continuation.yield(.signal(signal)) } }
        var isAsking = false
        for await occasion in occasions {
            switch occasion {
            case .signal(SIGWINCH): await screen.update(region: region)
            case .signal(SIGCONT):
                await screen.forget()
                await screen.update(region: region)
            case .signal:
                guard screen.isTerminal, finals.count < state.rows.count, !isAsking else {
                    return .interrupted
                }
                isAsking = true
                // The task is not awaited, because a stopped terminal does not take the question.
                Task { await ask() }
                Keyboard.readLine { continuation.yield(.answer($0)) }
            case .answer(let line):
                isAsking = false
                await screen.release(afterLine: true)
                switch line?.first {
                case nil where line == nil, "l", "L": return .interrupted
                case "c", "C": await cancelAll()
                default: break
                }
                await screen.update(region: region)
            }
        }
        return nil
    }

    private enum Occasion: Sendable {
        case signal(Int32)
        /// The line that was typed; nil if the input has ended.
        case answer(String?)
    }

    private func ask() async {
        let count = state.rows.count { finals[$0.id] == nil }
        let (what, they) = count == 1 ? ("it", "it") : ("all \(count)", "them")
        await screen.hold(
            "Cancel \(what), or leave \(they) running? [c]ancel, [l]eave, Enter watches on: "
        )
    }

    private func cancelAll() async {
        for row in state.rows where finals[row.id] == nil {
            do throws(ClientError) {
                _ = try await client.server.json("POST", "/api/deployments/\(row.id)/cancel")
            } catch {
                await notice("\(row.label) could not be cancelled: \(error)")
            }
        }
    }
}
