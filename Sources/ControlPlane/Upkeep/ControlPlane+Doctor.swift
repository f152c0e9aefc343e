import Catalog
import Instance
import Notation
import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// What is missing on this machine and what is wrong with the state, in words.
extension ControlPlane {
    public func doctor() throws -> [DoctorFinding] {
        var findings = machineFindings() + [opensslFinding(), diskFinding()]
        findings.append(
            DoctorFinding(
                level: .ok, subject: "state", message: "\(paths.home), run by \(account.name)", remedy: nil))
        findings += MachineForesight(account: account).findings
        let undecodable = try catalog.undecodable()
        findings += [catalogFinding(undecodable), formatFinding()] + authorityFindings()
        if let finding = clockFinding() { findings.append(finding) }
        do {
            for row in try rows(resourceGroup: nil, dropped: false) { findings += try serverFindings(row) }
            for row in try rows(resourceGroup: nil, dropped: true) {
                if let finding = repositoryFinding(row) { findings.append(finding) }
            }
            findings += try operationFindings()
        } catch let problem as Problem where problem.code == .stateDamaged && undecodable != nil {
            // The catalog's own finding has told it; what stands above is worth telling all the same.
        }
        return findings
    }

    private func machineFindings() -> [DoctorFinding] {
        let found = PostgresInstallation.discoverAll(runner: runner)
        guard found.isEmpty else {
            return found.map {
                DoctorFinding(
                    level: .ok, subject: "PostgreSQL", message: "\($0.minorVersion) in \($0.binDirectory)",
                    remedy: nil)
            }
        }
        do throws(Problem) {
            _ = try PostgresInstallation.newest(runner: runner)
            return []
        } catch {
            return [
                DoctorFinding(
                    level: .problem, subject: "PostgreSQL", message: error.message, remedy: error.hint)
            ]
        }
    }

    private func opensslFinding() -> DoctorFinding {
        if let result = try? runner.run(Command("openssl", ["version"], timeoutSeconds: 10)), result.succeeded
        {
            return DoctorFinding(
                level: .ok, subject: "openssl",
                message: result.standardOutput.split(separator: "\n").joined(),
                remedy: nil)
        }
        return DoctorFinding(
            level: .problem, subject: "openssl",
            message: "the command is missing; certificates are made with it",
            remedy: "Install it: apt-get install openssl")
    }

    private func diskFinding() -> DoctorFinding {
        guard let free = try? DurableFiles.freeBytes(paths.home) else {
            return DoctorFinding(
                level: .warning, subject: "disk", message: "free space is unknown", remedy: nil)
        }
        let low = free < 1 << 30
        return DoctorFinding(
            level: low ? .warning : .ok, subject: "disk",
            message: "\(ByteText.of(free)) free below \(paths.home)",
            remedy: low
                ? "Make room on that file system, but not by hand below \(paths.home): PostgreSQL keeps WAL there "
                    + "that cannot be archived." : nil)
    }

    /// - Parameter undecodable: a value of it that cannot be read, in a file that may be intact.
    private func catalogFinding(_ undecodable: Problem?) -> DoctorFinding {
        let damage = catalog.damage()
        if damage.isEmpty, let undecodable {
            return DoctorFinding(
                level: .problem, subject: "catalog",
                message: undecodable.message + (undecodable.detail.map { ": \($0)" } ?? ""),
                remedy: undecodable.hint)
        }
        return DoctorFinding(
            level: damage.isEmpty ? .ok : .problem, subject: "catalog",
            message: damage.isEmpty
                ? "format \(CatalogStore.formatVersion), intact" : damage.joined(separator: "; "),
            remedy: damage.isEmpty ? nil : CatalogRebuild.advice)
    }

    // MARK: One server

    /// Of a server that is run here.
    func ownFindings(_ row: ServerRow) throws -> [DoctorFinding] {
        if let finding = try startFinding(row) {
            return [finding] + [repositoryFinding(row)].compactMap { $0 }
        }
        var findings: [DoctorFinding] = []
        let state = state(row)
        func add(_ level: DoctorFinding.Level, _ message: String, _ remedy: String?) {
            findings.append(
                DoctorFinding(level: level, subject: "server \(row.name)", message: message, remedy: remedy))
        }
        switch state {
        case .inaccessible, .stopped:
            if let finding = installationFinding(row) {
                findings.append(finding)
                break
            }
            guard state == .inaccessible else { break }
            add(
                .problem, "should run and does not",
                "Start it with 'pitr start -n \(row.name)' or 'pitr start --all'.")
        case .ready:
            if let lost = try instance(row).lostSocket() {
                add(
                    .problem,
                    "its private socket \(lost) is gone, so that it can neither be backed up nor restored from",
                    "Make it again with 'pitr restart -n \(row.name)'; its clients have to connect again then."
                )
                break
            }
            let details = try details(row, withUsage: true)
            if let archiver = details.archiver, archiver.isFailing {
                add(
                    .problem,
                    "WAL is not being archived: \(archiver.failureWords); "
                        + "PostgreSQL keeps it and goes on trying",
                    "'pitr maintain' puts a missing helper back. Otherwise look for 'pitr-wal' in "
                        + "\(instancePaths(row).log); a full disk is the usual cause.")
            }
            findings += backupFindings(row)
        default: break
        }
        findings += configurationFindings(row)
        if let finding = try expiryFinding(row) { findings.append(finding) }
        findings += try drillFindings(row)
        if let finding = repositoryFinding(row) { findings.append(finding) }
        if findings.isEmpty { add(.ok, "\(state.rawValue) at \(row.host):\(row.port)", nil) }
        return findings
    }

    /// What keeps a server from being started and restored: the programs of its version are not installed.
    private func installationFinding(_ row: ServerRow) -> DoctorFinding? {
        do throws(Problem) {
            _ = try installation(row)
            return nil
        } catch {
            return DoctorFinding(
                level: .problem, subject: "server \(row.name)", message: error.message, remedy: error.hint)
        }
    }

    /// A server that is still starting after a while cannot be asked for more; nil for any other.
    private func startFinding(_ row: ServerRow) throws -> DoctorFinding? {
        guard state(row) == .ready else { return nil }
        do {
            try awaitSessions(row, atMost: Self.doctorPatience)
            return nil
        } catch let problem as Problem where problem.code == .serverIsNotReady {
            return DoctorFinding(
                level: .warning, subject: "server \(row.name)",
                message: [problem.message, problem.detail].compactMap { $0 }.joined(separator: ": "),
                remedy: problem.hint)
        }
    }

    /// What is wrong with a server's repository; nil when nothing is.
    func repositoryFinding(_ row: ServerRow) -> DoctorFinding? {
        guard row.phase == .complete || row.phase == .dropped else { return nil }
        func finding(_ message: String, _ remedy: String, _ level: DoctorFinding.Level = .problem)
            -> DoctorFinding
        {
            DoctorFinding(
                level: level, subject: "repository of \(row.name)", message: message, remedy: remedy)
        }
        do {
            _ = try layout(row).identity()
            if let problem = try descriptionProblem(row) {
                return finding(problem, "'pitr maintain' writes it again.", .warning)
            }
            let damaged = try BackupRepository(layout: layout(row)).list().compactMap(\.damage)
            if let first = damaged.first {
                return finding(
                    "\(damaged.count) damaged backups: \(first.message)",
                    "Take a new one with 'pitr backup create -s \(row.name)'; restores use the others.")
            }
            if let finding = try checkFinding(row) { return finding }
            let segments = try WALArchive(layout: layout(row)).segments()
            if let bad = segments.first(where: { $0.damage != nil }) {
                return finding(
                    "WAL segment \(bad.name) is damaged: \(bad.damage?.description ?? "")",
                    "Times behind it can be reached from the next backup on; take one now.")
            }
            if let gap = Self.firstGap(segments.filter { !$0.isPartial }.map(\.name)) {
                return finding(
                    "WAL segment \(gap) is missing",
                    "Times behind it can be reached from the next backup on; take one now.")
            }
            return nil
        } catch {
            let problem = Self.problem(from: error)
            let message = problem.message + (problem.detail.map { ": \($0)" } ?? "")
            let remedy =
                problem.code == .formatTooNew
                ? "Use the newer pitr that wrote it." : "Restore the folder from a copy."
            return finding(message, problem.hint ?? remedy)
        }
    }

    /// What is wrong with the description of a server, which a lost catalog needs; a newer one is thrown.
    private func descriptionProblem(_ row: ServerRow) throws -> String? {
        let path = paths.description(row.id)
        do {
            guard let bytes = try paths.layout(row.id).description() else {
                return "it has no server.json, from which a lost catalog would be made again"
            }
            _ = try ServerDescription(parsing: bytes, path: path)
            return nil
        } catch {
            if error.code == .formatTooNew { throw error }
            return error.message + (error.detail.map { ": \($0)" } ?? "")
        }
    }

    /// The versions of what is on the disk; a newer one is told with the server it belongs to.
    private func formatFinding() -> DoctorFinding {
        let all =
            ((try? rows(resourceGroup: nil, dropped: false)) ?? [])
            + ((try? rows(resourceGroup: nil, dropped: true)) ?? [])
        let known = all.filter { (try? layout($0).identity()) != nil }
        let backups = known.reduce(0) { count, row in
            count + ((try? BackupRepository(layout: layout(row)).list().count { $0.damage == nil }) ?? 0)
        }
        func counted(_ count: Int, _ one: String, _ many: String) -> String {
            "\(count) \(count == 1 ? one : many)"
        }
        return DoctorFinding(
            level: .ok, subject: "formats",
            message: "state directory \(Self.homeFormat), catalog \(CatalogStore.formatVersion), "
                + "\(counted(known.count, "repository", "repositories")) of format \(RepositoryIdentity.format), "
                + "\(counted(backups, "backup", "backups")) of format \(BackupDescriptor.format)", remedy: nil
        )
    }

    static func firstGap(_ names: [SegmentName]) -> SegmentName? {
        let sorted = names.sorted()
        for (left, right) in zip(sorted, sorted.dropFirst())
        where left.timeline == right.timeline && left.number + 1 < right.number {
            return left.next
        }
        return nil
    }

    private func operationFindings() throws -> [DoctorFinding] {
        try operations.operations(.init(states: [.running])).compactMap { operation in
            guard try isOrphaned(operation) else { return nil }
            return DoctorFinding(
                level: .warning, subject: "operation \(operation.row.id)",
                message: "\(operation.row.kind) began \(operation.row.startedAt), and its process is gone",
                remedy: "Clean up with 'pitr maintain'.")
        }
    }
}
