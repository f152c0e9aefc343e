public import Platform
public import PostgresClient

/// A running server's parameters in Azure's terms, and the check of a new value before it is set.
public struct ParameterCatalog: Sendable {
    /// All parameters by name.
    public let items: [ParameterItem]

    /// Reads `pg_settings`, and from the configuration's files what the session, the database or the role
    /// sets for itself: that says nothing about the server.
    ///
    /// - Parameters:
    ///   - connection: of a superuser, opened after the last reload.
    ///   - defaults: the values that the tool's own configuration gives, see `ServerSettings.defaults`.
    ///   - overrides: what the user has set, as written to `user.conf`.
    public init(
        connection: Connection, defaults: [String: String], overrides: [String: String]
    ) throws(Problem) {
        let rows = try connection.query(
            """
            WITH files AS MATERIALIZED (
                SELECT DISTINCT ON (lower(name)) lower(name) AS key, setting AS file
                FROM pg_catalog.pg_file_settings WHERE applied ORDER BY lower(name), seqno DESC)
            SELECT name, setting, unit, short_desc, context, vartype, min_val, max_val,
                array_to_string(enumvals, ',') AS choices, boot_val, reset_val, source, pending_restart, file
            FROM pg_catalog.pg_settings LEFT JOIN files ON key = lower(name)
            WHERE name NOT LIKE 'pitr.%' ORDER BY lower(name)
            """)
        // PostgreSQL's names ignore case, and the configuration may spell them differently (TimeZone,
        // DateStyle).
        let defaults = Self.lowerCased(defaults)
        let overrides = Self.lowerCased(overrides)
        items = rows.rows.indices.map { row in
            Self.item(PgSetting(rows, row), defaults: defaults, overrides: overrides)
        }
    }

    private static func lowerCased(_ values: [String: String]) -> [String: String] {
        Dictionary(values.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { _, last in last })
    }

    /// Throws `.resourceNotFound` for a name that PostgreSQL does not know.
    public func find(_ name: String) throws(Problem) -> ParameterItem {
        guard let item = items.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw Problem(
                .resourceNotFound, "the server has no parameter '\(name)'",
                hint: "List them with 'pitr parameter list -s NAME'.")
        }
        return item
    }

    /// The value as it is to be kept and written: numbers count in the parameter's unit.
    ///
    /// Throws `.operationNotSupported` for a read-only parameter and `.invalidParameterValue` for a value out
    /// of range. A connection lets PostgreSQL itself judge values that only it understands (time zones,
    /// search paths, …).
    public func validate(
        _ name: String, _ value: String, trying connection: Connection? = nil
    ) throws(Problem) -> String {
        let item = try find(name)
        guard !item.isReadOnly else {
            throw Problem(
                .operationNotSupported, "the parameter '\(item.name)' is read-only",
                hint: "Its value follows from how the server is run.")
        }
        guard let canonical = item.canonical(value) else {
            let unit = item.unit.map { " (in \($0))" } ?? ""
            throw Problem(
                .invalidParameterValue, "'\(value)' is not a value for the parameter '\(item.name)'",
                detail: "allowed values: \(item.allowedValues)\(unit)")
        }
        if item.isSessionSetting, let connection {
            do throws(Problem) {
                // Over with the statement: a session that waited with the value in force might not outlive
                // it.
                _ = try connection.query(
                    "SELECT pg_catalog.set_config($1, $2, true)", [item.name, canonical])
            } catch {
                throw Problem(
                    .invalidParameterValue, "'\(value)' is not a value for the parameter '\(item.name)'",
                    detail: error.detail, hint: error.hint)
            }
        }
        return canonical
    }

    private static func item(
        _ setting: PgSetting, defaults: [String: String], overrides: [String: String]
    ) -> ParameterItem {
        let key = setting.name.lowercased()
        let choices = choices(of: setting)
        let range = range(of: setting)
        let type = dataType(of: setting)
        func make(value: String, defaultValue: String, pending: Bool) -> ParameterItem {
            ParameterItem(
                name: setting.name, value: value, defaultValue: defaultValue, dataType: type,
                allowedValues: allowedValues(type, range, choices),
                source: overrides[key] == nil ? ParameterItem.systemDefault : ParameterItem.userOverride,
                isDynamicConfig: ParameterRules.dynamicContexts.contains(setting.context),
                isReadOnly: ParameterRules.isReadOnly(setting.name, context: setting.context),
                isConfigPendingRestart: pending, unit: setting.unit, description: setting.summary,
                range: range,
                choices: choices,
                isSessionSetting: setting.context == "user" || setting.context == "superuser")
        }
        let probe = make(value: "", defaultValue: "", pending: false)
        func canonical(_ text: String) -> String { probe.canonical(text) ?? text }
        let current = setting.isSessions ? setting.file.map(canonical) ?? setting.bootValue : setting.value
        let own = defaults[key].map(canonical)
        let isUntouched = overrides[key] == nil && !setting.pendingRestart
        let reset = setting.isSessions ? current : setting.resetValue
        let base = own ?? (isUntouched ? reset : setting.bootValue)
        let wanted = overrides[key].map(canonical) ?? (setting.pendingRestart ? base : current)
        return make(
            value: wanted, defaultValue: base, pending: setting.pendingRestart && wanted != setting.value)
    }

    private static func dataType(of setting: PgSetting) -> ParameterItem.DataType {
        if setting.name == ParameterRules.preload { return .set }
        return switch setting.type {
        case "bool": .boolean
        case "integer": .integer
        case "real": .numeric
        case "enum": .enumeration
        default: .string
        }
    }

    private static func choices(of setting: PgSetting) -> [String] {
        if setting.name == ParameterRules.preload { return ParameterRules.preloadableLibraries }
        return ParameterRules.choices[setting.name] ?? setting.choices
    }

    private static func range(of setting: PgSetting) -> ClosedRange<Double>? {
        if let narrower = ParameterRules.ranges[setting.name] { return narrower }
        guard let low = setting.minimum.flatMap({ Double($0) }),
            let high = setting.maximum.flatMap({ Double($0) }),
            low <= high
        else { return nil }
        return low...high
    }

    private static func allowedValues(
        _ type: ParameterItem.DataType, _ range: ClosedRange<Double>?, _ choices: [String]
    ) -> String {
        switch type {
        case .boolean: "on,off"
        case .integer, .numeric:
            range.map { "\(ParameterUnit.text($0.lowerBound))-\(ParameterUnit.text($0.upperBound))" } ?? ""
        case .enumeration, .set: choices.joined(separator: ",")
        case .string: ".*"
        }
    }
}

/// One row of `pg_settings`.
private struct PgSetting {
    let name: String
    let value: String
    let unit: String?
    let summary: String
    let context: String
    let type: String
    let minimum: String?
    let maximum: String?
    let choices: [String]
    let bootValue: String
    let resetValue: String
    let source: String
    let pendingRestart: Bool
    /// What the configuration's files say; nil when they say nothing.
    let file: String?

    /// Whether the value is that of the session, its database or its role, and not the server's.
    var isSessions: Bool { ["client", "session", "user", "database", "database user"].contains(source) }

    init(_ rows: Rows, _ row: Int) {
        func text(_ column: String) -> String { rows[row, column] ?? "" }
        name = text("name")
        value = text("setting")
        unit = rows[row, "unit"]
        summary = text("short_desc")
        context = text("context")
        type = text("vartype")
        minimum = rows[row, "min_val"]
        maximum = rows[row, "max_val"]
        choices = text("choices").split(separator: ",").map(String.init)
        bootValue = text("boot_val")
        resetValue = text("reset_val")
        source = text("source")
        pendingRestart = text("pending_restart") == "t"
        file = rows[row, "file"]
    }
}
