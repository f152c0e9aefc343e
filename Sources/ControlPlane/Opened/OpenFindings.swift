import Capture
import Instance
import Platform
import PostgresFormat
import Repository
import ServiceModel

extension OpenReport {
    /// - Parameters:
    ///   - needs: what a restore lacks on this machine.
    ///   - unreadable: what only root may read, whose servers have an account of their own.
    init(_ found: FoundBackup, needs: Problem?, unreadable: String? = nil) {
        let reach = found.reach
        self.init(
            contents: Contents(
                form: found.base.openedForm, version: found.major, systemIdentifier: found.systemIdentifier,
                label: found.label.label, began: found.began, earliest: found.completed,
                startLSN: found.label.startLSN, stopLSN: found.stop, timeline: reach.timeline,
                files: found.fileCount, bytes: found.totalBytes, manifestVersion: found.manifestVersion,
                tablespaces: found.tablespaces.map(\.number), segments: reach.segments, goodTo: reach.end,
                lastTime: reach.last?.time,
                gaps: reach.gaps.map { Gap(first: $0.first.fileName, last: $0.last.fileName) },
                leftOut: found.leftOut),
            findings: Self.base(found) + Self.wal(found)
                + [needs.map { Self.lacking(found.major, $0) }, unreadable.map(Self.closed)]
                .compactMap { $0 })
    }

    /// What was refused before anything could be told.
    init(refused problem: Problem) {
        let words = [problem.message, problem.detail].compactMap { $0 }.joined(separator: ": ")
        self.init(contents: nil, findings: [Finding(.problem, "base backup", words, remedy: problem.hint)])
    }

    private static func closed(_ path: String) -> Finding {
        let account = ServiceAccount.systemAccount
        return Finding(
            .warning, "access", "'\(path)' cannot be read by \(account), which opens it where root says so",
            remedy: letRead(path, account))
    }

    /// How the account gets to read a file, and all beside it.
    static func letRead(_ path: String, _ account: String) -> String {
        let folder = DurableFiles.status(path)?.kind == .directory ? path : DurableFiles.parent(of: path)
        return "Let \(account) read it: setfacl -R -m u:\(account):rX \(Command.shellQuoted(folder))."
    }

    /// The backup is good for all that: it is found out what is in it, and it is restored elsewhere.
    private static func lacking(_ major: Int, _ problem: Problem) -> Finding {
        Finding(
            .warning, "restore", "it needs \(PostgresInstallation.needed(String(major), problem))",
            remedy: problem.hint)
    }

    private static func base(_ found: FoundBackup) -> [Finding] {
        var findings = found.damages.map {
            Finding(.problem, "base backup", $0, remedy: "Take another backup; this one cannot be trusted.")
        }
        if found.damages.isEmpty {
            let compared = found.isWhollyCompared ? "as" : "as large as"
            let isTold = found.manifestVersion != nil || found.base.isOfBackrest
            let known = isTold ? ", each \(compared) its manifest says" : ""
            let parts = found.base.parts
            let joined = parts > 1 ? " put together from \(parts) backups" : ""
            findings.append(Finding(.ok, "base backup", "\(found.fileCount) files\(joined)\(known)"))
        }
        return findings + found.remarks.map { Finding(.warning, "remark", $0) }
    }

    private static func wal(_ found: FoundBackup) -> [Finding] {
        let reach = found.reach
        guard reach.missing.isEmpty else {
            var missing = reach.missing.prefix(10).map {
                Finding(
                    .problem, "WAL", "\($0.fileName) is missing, which the base backup is of no use without",
                    remedy: "Name the folder that has it: --wal DIR.")
            }
            if reach.missing.count > missing.count {
                missing.append(Finding(.problem, "WAL", "and more behind them are missing"))
            }
            return missing
        }
        var findings: [Finding] = []
        if reach.end < found.stop {
            findings.append(
                Finding(
                    .problem, "WAL",
                    "it is readable up to \(reach.end), and the base backup ends at \(found.stop)",
                    remedy: "Name a folder that has the rest, whole: --wal DIR."))
        } else {
            let last = reach.last.map { ", the last commit or abort at \($0.time)" } ?? ""
            findings.append(Finding(.ok, "WAL", "good up to \(reach.end)\(last)"))
        }
        findings += reach.gaps.map {
            Finding(
                .warning, "gap",
                $0.first == $0.last
                    ? "\($0.first.fileName) is missing"
                    : "\($0.first.fileName) to \($0.last.fileName) are missing",
                remedy: "Nothing behind it can be restored without it.")
        }
        findings += reach.damaged.map {
            Finding(
                .warning, "damage", "\($0.fileName) cannot be read to its end",
                remedy: "Nothing behind it can be restored.")
        }
        return findings
    }
}

extension FoundBase {
    var openedForm: OpenedFolder.Form {
        if isOfBarman { return .barman }
        return switch form {
        case .folder: .plain
        case .archives: .tar
        case .backrest: .pgbackrest
        }
    }
}

extension PostgresInstallation {
    /// `PostgreSQL 17, which is not installed here: found 15.18 in /usr/lib/postgresql/15/bin`.
    static func needed(_ version: String, _ missing: Problem) -> String {
        "PostgreSQL \(version), which is not installed here"
            + (missing.detail.map { ": \($0)" } ?? "")
    }
}
