import ControlPlane
import Notation
import Planning
import Portal
import PostgresFormat
import ServiceModel

/// Values as the portal writes them.
enum PortalWords {
    /// `2026-11-29 04:37:12.345678 UTC`
    static func time(_ time: PostgresTimestamp) -> String {
        time.sqlText.dropLast(3) + " UTC"
    }

    /// An instant as the pages' addresses have it: microseconds since 1970, up to the year 9999.
    static func instant(_ text: String?) -> PostgresTimestamp? {
        guard let text, text.utf8.count > 10, let number = Int64(text),
            (0...253_402_300_799_000_000).contains(number)
        else { return nil }
        return PostgresTimestamp(unixMicroseconds: number)
    }

    /// As a clock of this machine shows it; empty where that shows UTC.
    private static func here(_ time: PostgresTimestamp) -> String {
        let text = LocalTime.text(time)
        return text.firstRange(of: "+00:00 ") == nil ? text : ""
    }

    /// `2026-11-29 05:37:12.345678+01:00`, as a clock of this machine shows it; empty where that shows UTC.
    static func clock(_ time: PostgresTimestamp) -> String {
        guard LocalTime.zoneHere != nil else { return "" }
        let text = LocalTime.text(time)
        return String(text.prefix { $0 != "(" }.dropLast())
    }

    static func seconds(_ seconds: Double) -> String {
        seconds < 60
            ? "\((seconds * 10).rounded() / 10) s" : "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
    }

    static func compute(_ server: ServerDetails) -> String {
        "\(server.tier), \(server.skuName), \(server.vCores) \(server.vCores == 1 ? "vCore" : "vCores"), "
            + "\(server.memoryMiB / 1024) GiB RAM, \(server.storageSizeGiB) GiB storage"
    }

    static func window(_ server: ServerDetails) -> RestorableWindow {
        var window = RestorableWindow()
        window.retentionDays = server.backupRetentionDays
        guard let earliest = server.earliestRestoreDate, let latest = server.latestRestoreDate else {
            return window
        }
        window.earliest = time(earliest)
        window.latest = time(latest)
        window.earliestHere = here(earliest)
        window.latestHere = here(latest)
        window.span = max(0, (latest.unixMicroseconds - earliest.unixMicroseconds) / 1_000_000)
        return window
    }

    /// `commit of transaction 745, 2026-… UTC, 0/3001A58`
    static func boundary(_ record: BoundaryRecord) -> String {
        "\(record.kind) of transaction \(record.xid), \(time(record.time)), record \(record.lsn)"
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]
    /// That of 1970-01-01 first.
    private static let weekdays = [
        "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday",
    ]

    /// Whole months; of their days those can be chosen that lie between the two instants, in UTC.
    static func calendar(from first: PostgresTimestamp, to last: PostgresTimestamp) -> DayCalendar {
        let length: Int64 = 86_400_000_000
        let to = last.unixMicroseconds / length
        // What is longer ago than a year is said in words.
        let from = max(first.unixMicroseconds / length, to - 399)
        var calendar = DayCalendar()
        guard from >= 0, from <= to else { return calendar }
        func date(_ day: Int64) -> String {
            String(PostgresTimestamp(unixMicroseconds: day * length).description.prefix(10))
        }
        var day = from - (Int64(date(from).suffix(2)) ?? 1) + 1
        while true {
            let text = date(day)
            if text.hasSuffix("-01") {
                guard day <= to else { return calendar }
                let month = months[(Int(text.dropFirst(5).prefix(2)) ?? 1) - 1]
                calendar.months.append(.init("\(month) \(text.prefix(4))", blanks: Int((day + 3) % 7)))
            }
            calendar.months[calendar.months.count - 1].days.append(
                .init(text, "\(text) \(weekdays[Int(day % 7)])", canBeChosen: (from...to).contains(day)))
            day += 1
        }
    }

    /// What an operation does, in Azure's words where it has some.
    ///
    /// - Parameter kind: by its name, which another build may have entered.
    static func operation(_ kind: String, on resource: String) -> String {
        let words =
            switch OperationKind(rawValue: kind) {
            case .create: "Create server"
            case .restore: "Restore to"
            case .geoRestore: "Geo-restore to"
            case .revive: "Revive as"
            case .update: "Update server"
            case .delete: "Delete server"
            case .start: "Start server"
            case .stop: "Stop server"
            case .restart: "Restart server"
            case .upgrade: "Upgrade"
            case .backup: "Back up"
            case .deleteBackup: "Delete a backup of"
            case .drill: "Rehearse a restore of"
            case .verifyWAL: "Verify the WAL archive of"
            case .undo: "Take back transactions of"
            case .compare: "Compare"
            case .writeRule: "Write firewall rule of"
            case .deleteRule: "Delete firewall rule of"
            case .parameter: "Set parameter of"
            case .createDatabase: "Add a database to"
            case .deleteDatabase: "Delete a database of"
            case .deleteGroup: "Delete resource group"
            case .restorePoint, .writeGroup, .expiryWarning, nil: kind.replacing("-", with: " ")
            }
        return "\(words) \(resource)"
    }

    static func phase(_ phase: OperationPhase) -> String {
        switch phase {
        case .queued: "Accepted"
        case .running: "In progress"
        case .succeeded: "Succeeded"
        case .failed: "Failed"
        case .canceled: "Canceled"
        }
    }

    /// `12.0 MiB of 96.0 MiB, 40.0 MiB/s, what it does`
    static func progress(_ progress: OperationProgress) -> String {
        var parts: [String] = []
        if progress.bytes > 0 || progress.totalBytes != nil {
            let total = progress.totalBytes.map { " of \(ByteText.of($0))" } ?? ""
            parts.append(ByteText.of(progress.bytes) + total)
        }
        if let rate = progress.bytesPerSecond { parts.append("\(ByteText.of(rate))/s") }
        if let remark = progress.remark { parts.append(remark) }
        return ([progress.step] + parts).joined(separator: ", ")
    }

    /// The step's name on a page: what is named after a server has one word there.
    static func step(_ progress: OperationProgress?) -> String {
        guard let step = progress?.step else { return "" }
        let named = ["opening", "making server", "backup of", "waiting for"]
        return named.first { step.hasPrefix($0 + " ") } ?? step
    }
}
