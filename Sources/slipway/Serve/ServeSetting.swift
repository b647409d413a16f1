/// An option of `serve`, declared once: its name, its help, its range, and the key path of its value. The
/// default is the value that is already there; it is added to the help.
struct ServeSetting: Sendable {
    let option: Option
    let apply: @Sendable (OptionValues, inout ServeOptions) throws(UsageError) -> Void

    /// An option's name and its help.
    struct Words: Sendable {
        let name: String
        let help: String
    }
}

extension ServeSetting.Words {
    typealias Place<Value> = any WritableKeyPath<ServeOptions, Value> & Sendable
    typealias Apply = @Sendable (OptionValues, inout ServeOptions) throws(UsageError) -> Void

    private func setting(
        _ value: String?,
        usual: String? = nil,
        isRepeatable: Bool = false,
        _ apply: @escaping Apply
    ) -> ServeSetting {
        let help = help + (usual.map { " (\($0))" } ?? "")
        return ServeSetting(
            option: Option(name: name, value: value, help: help, isRepeatable: isRepeatable),
            apply: apply
        )
    }

    /// A whole number.
    func number(_ place: Place<Int>, _ bounds: ClosedRange<Int>) -> ServeSetting {
        let usual = String(ServeOptions.usual[keyPath: place])
        return setting("N", usual: usual) { [name] (values, options) throws(UsageError) in
            options[keyPath: place] =
                try values.integer(name, in: bounds) ?? options[keyPath: place]
        }
    }

    /// A whole number that may be missing.
    func number(_ place: Place<Int?>, _ bounds: ClosedRange<Int>) -> ServeSetting {
        setting("N") { [name] (values, options) throws(UsageError) in
            options[keyPath: place] = try values.integer(name, in: bounds)
        }
    }

    /// A time in whole seconds.
    func seconds(_ place: Place<Duration>, _ bounds: ClosedRange<Int>) -> ServeSetting {
        let usual = String(ServeOptions.usual[keyPath: place].components.seconds)
        return setting("SECONDS", usual: usual) { [name] (values, options) throws(UsageError) in
            guard let number = try values.integer(name, in: bounds) else { return }
            options[keyPath: place] = .seconds(number)
        }
    }

    /// A flag; the default is false.
    func flag(_ place: Place<Bool>) -> ServeSetting {
        setting(nil) { [name] (values, options) throws(UsageError) in
            options[keyPath: place] = try values.flag(name)
        }
    }

    /// A text that is taken as it is.
    func text(_ value: String, _ place: Place<String>, tellsUsual: Bool = true) -> ServeSetting {
        let usual = tellsUsual ? ServeOptions.usual[keyPath: place] : nil
        return setting(value, usual: usual) { [name] values, options in
            options[keyPath: place] = values.text(name) ?? options[keyPath: place]
        }
    }

    /// A text that may be missing.
    func optional(_ value: String, _ place: Place<String?>) -> ServeSetting {
        setting(value) { [name] in $1[keyPath: place] = $0.text(name) }
    }

    /// An option that may be given more than once.
    func list(_ value: String, _ place: Place<[String]>) -> ServeSetting {
        setting(value, isRepeatable: true) { [name] in $1[keyPath: place] = $0.texts(name) }
    }

    /// A text that `read` turns into a value. The option's name is added to an error that `read` throws,
    /// unless it is a `UsageError`.
    func value(
        _ value: String,
        _ read: @escaping @Sendable (String, inout ServeOptions) throws -> Void
    ) -> ServeSetting {
        setting(value) { [name] (values, options) throws(UsageError) in
            guard let text = values.text(name) else { return }
            do {
                try read(text, &options)
            } catch let error as UsageError {
                throw error
            } catch {
                throw UsageError("--\(name): \(error)")
            }
        }
    }
}
