import Planning
import Platform
import PostgresFormat
public import ServiceModel

extension ControlPlane {
    /// Tells how a restore went, also when the copy has gone: from its evidence, and with what PostgreSQL
    /// logged while it recovered.
    ///
    /// - Parameter copy: as for `showEvidence`.
    public func explainMadeRestore(_ copy: String, resourceGroup: String) throws -> MadeRestoreExplanation {
        let kept = try showEvidence(copy, resourceGroup: resourceGroup)
        return MadeRestoreExplanation(kept: kept, steps: MadeRestoreStory(kept).steps)
    }
}

/// The words of such an explanation.
struct MadeRestoreStory {
    private let kept: KeptEvidence
    private let messages: RecoveryMessages

    init(_ kept: KeptEvidence) {
        self.kept = kept
        messages = RecoveryMessages(kept.recoveryLog ?? "")
    }

    private var evidence: RestoreEvidence { kept.evidence }

    var steps: [RestoreExplanation.Step] {
        [asked, layOut, arm, begin, replay, stop, promote, prove, open]
    }

    private var asked: RestoreExplanation.Step {
        var text = [
            "\(evidence.caller ?? "Somebody") asked at \(evidence.startedAt) for "
                + "\(evidence.requestedTime ?? evidence.requestedTarget ?? RecoveryTarget.latest.words) of server "
                + "\(kept.sourceName), as a new server \(kept.copyName)."
        ]
        text += evidence.remarks ?? []
        if kept.recoveryLog == nil {
            text.append("What PostgreSQL logged while it recovered could not be kept.")
        } else if kept.recoveryLogOmitted > 0 {
            text.append(
                "Of what PostgreSQL logged while it recovered the first \(kept.recoveryLogOmitted) bytes are not "
                    + "kept.")
        }
        return RestoreExplanation.Step(title: "What was asked for", text: text)
    }

    private var layOut: RestoreExplanation.Step {
        let segments = evidence.walSegments == 1 ? "One segment" : "\(evidence.walSegments) segments"
        return RestoreExplanation.Step(
            title: "The base backup's files became the copy's data directory, and the WAL was laid beside it",
            text: [
                "Backup \(evidence.baseBackup) was taken while the server ran, so that its files alone were no "
                    + "state that ever was. \(segments) "
                    + "of WAL, from \(evidence.walStart) on, made that consistent and led to the target."
            ] + taken(["claim", "lay out", "stage WAL"]))
    }

    private var arm: RestoreExplanation.Step {
        RestoreExplanation.Step(
            title: "PostgreSQL was told to recover, and how far",
            text: [
                "The target in its configuration was: \(evidence.handedToPostgres). recovery_target_action = "
                    + "'promote' had it open for writing there. Nobody could connect over the network meanwhile."
            ])
    }

    private var begin: RestoreExplanation.Step {
        RestoreExplanation.Step(
            title: "It started where the backup's checkpoint says",
            text: [
                "It found backup_label, which names the checkpoint, and took its redo point: "
                    + "\(evidence.walStart)."
            ], messages: messages[.begin])
    }

    private var replay: RestoreExplanation.Step {
        RestoreExplanation.Step(
            title: "It replayed the WAL",
            text: [
                "Every record from there on was applied to the pages that it names. Behind the end of the backup "
                    + "the files were one consistent state, and after that came what was written later."
            ] + taken(["recover"]), messages: messages[.replay])
    }

    private var stop: RestoreExplanation.Step {
        var text: [String] = []
        if let inside = evidence.lastCommitInside {
            text.append(
                "The last transaction inside: \(Self.words(inside)), the record from \(inside.lsn) to "
                    + "\(inside.endLSN).")
        } else {
            text.append("Nothing was committed between the end of the backup and the target.")
        }
        if let outside = evidence.firstExcluded {
            let did = evidence.firstExcludedDid ?? []
            text.append(
                "The first one left out: \(Self.words(outside)), the record at \(outside.lsn)."
                    + (did.isEmpty ? "" : " It did this: \(did.joined(separator: "; "))."))
        } else {
            text.append("None was left out: the available WAL ended before another one.")
        }
        text.append(
            "The last byte replayed is the one before \(evidence.walEnd). The new timeline's history gives the "
                + "reason: \(evidence.postgresReason).")
        return RestoreExplanation.Step(title: "It stopped", text: text, messages: messages[.stop])
    }

    private var promote: RestoreExplanation.Step {
        var text = [
            "Up to \(evidence.walEnd) the copy's WAL is the source's, on timeline \(evidence.timelineBefore). "
                + "What follows is its own, on timeline \(evidence.timelineAfter)."
        ]
        text += evidence.preparedTransactionsInDoubt.map { "In doubt, until somebody ends it: \($0)." }
        return RestoreExplanation.Step(
            title: "It began timeline \(evidence.timelineAfter)", text: text, messages: messages[.promote])
    }

    private var prove: RestoreExplanation.Step {
        RestoreExplanation.Step(title: "It was proved", text: evidence.checks + taken(["prove"]))
    }

    private var open: RestoreExplanation.Step {
        var text = [
            "The recovering server was stopped and everything flushed to the disk. Then the copy got its own "
                + "configuration, certificate and repository, and started as any other server, "
                + "\(Self.seconds(evidence.totalSeconds)) after it was asked for."
        ]
        if let addresses = evidence.allowedAddresses, !addresses.isEmpty {
            text.append("From the start it let in \(addresses.joined(separator: ", ")).")
        }
        if let deleted = kept.copyDeletedAt { text.append("It was deleted at \(deleted).") }
        return RestoreExplanation.Step(
            title: "The copy became a server of its own", text: text + taken(["settle", "open"]),
            messages: messages[.close])
    }

    /// What some steps took; nothing where none of them is known.
    private func taken(_ names: [String]) -> [String] {
        let known = evidence.steps.filter { names.contains($0.name) }
        guard !known.isEmpty else { return [] }
        let parts = known.map { "\($0.name) \(Self.seconds($0.seconds))" }
        return ["Time taken: " + parts.joined(separator: ", ") + "."]
    }

    /// `1.070 s`
    private static func seconds(_ value: Double) -> String {
        let milliseconds = String(Int64((max(value, 0) * 1000).rounded()))
        let digits = String(repeating: "0", count: max(0, 4 - milliseconds.count)) + milliseconds
        return digits.dropLast(3) + "." + digits.suffix(3) + " s"
    }

    private static func words(_ record: BoundaryRecord) -> String {
        "the \(record.kind) of transaction \(record.xid) at \(record.time)"
    }
}

/// What PostgreSQL logged while it recovered, by what it was about just then.
struct RecoveryMessages {
    enum Stage: Int, CaseIterable {
        case begin, replay, stop, promote, close

        /// How the first message of a stage begins; the recovering server speaks English (`lc_messages`).
        fileprivate var beginnings: [String] {
            switch self {
            case .begin: []
            case .replay: ["redo starts at", "redo is not required"]
            case .stop: ["recovery stopping", "redo done at"]
            case .promote: ["selected new timeline ID"]
            case .close: ["received fast shutdown request", "received immediate shutdown request"]
            }
        }
    }

    private var lines: [Stage: [String]] = [:]

    init(_ log: String) {
        var stage = Stage.begin
        for line in log.split(separator: "\n") {
            if let said = line.ranges(of: " LOG:  ").first.map({ line[$0.upperBound...] }),
                let next = Stage.allCases.last(where: { $0.beginnings.contains(where: said.hasPrefix) }),
                next.rawValue > stage.rawValue
            {
                stage = next
            }
            lines[stage, default: []].append(String(line))
        }
    }

    subscript(stage: Stage) -> [String] { lines[stage] ?? [] }
}
