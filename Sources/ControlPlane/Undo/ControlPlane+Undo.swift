import Catalog
import Holdings
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repair
public import ServiceModel

/// Taking transactions back: their rows are read in copies, judged, and written into a script.
///
/// The source is never written, and not read either but for its WAL.
extension ControlPlane {
    public func undo(_ request: UndoRequest) throws -> UndoResult {
        try undo(request, for: nil) { _, _, _ in }
    }

    /// - Parameter keep: is called while the operation is still at work, which fails when it throws.
    func undo(
        _ request: UndoRequest, for accepted: AcceptedWork?,
        keep: (UndoResult, RunningOperation, ServerRow) throws -> Void
    ) throws -> UndoResult {
        let asked = RestoreRequest(
            resourceGroup: request.resourceGroup, sourceServer: request.sourceServer,
            target: .latest(asOf: nil))
        let source = try source(of: asked)
        return try perform(
            .undo, server: source, source: source.id, properties: ["target": request.wanted.words],
            for: accepted
        ) { operation in
            defer { removeOperationFolder(operation.id) }
            let result = try undo(request, source, operation)
            try keep(result, operation, source)
            return result
        }
    }

    private func undo(
        _ request: UndoRequest, _ source: ServerRow, _ operation: RunningOperation
    ) throws -> UndoResult {
        var steps = StepTimes()
        var decisions = try ConflictDecisions(request.decisions ?? [])
        let moments = try steps.time("plan") { try UndoMoments(self, request, source) }
        defer { moments.release() }
        var footprint = try steps.time("read WAL") { try moments.footprint(cancellation) }
        var copies: [PrivateCopy] = []
        defer { copies.forEach { $0.remove() } }
        let (rows, database, ofOne) = try makeCopies(&copies, moments, &footprint, request, operation, &steps)
        RestoreFaults.reached("undo: read")
        var plan = moments.plan(database: database, end: copies[2].end, ofOne ?? footprint)
        plan.disablesTriggers = request.disablesTriggers
        plan.batch = request.batch
        var definitions: DroppedDefinitions?
        if let own = ofOne {
            try steps.time("compare") {
                let between = CopiesBetween(self, request, source, operation, database.name, rows)
                defer { between.remove() }
                try read(&plan, own, copies, between, request)
            }
            if own.touchesCatalogs {
                definitions = try steps.time("dump") {
                    try droppedDefinitions(of: &plan, own, copies, paths.operation(operation.id))
                }
            }
            plan.droppedRows.forEach { plan.tables.append($0) }
            if plan.batch != nil { try leaveOutDropped(of: &plan, &definitions) }
        }
        try decisions.apply(to: &plan)
        let script = try steps.time("try") {
            try admitted(
                &plan, request.conflicts, &decisions,
                UndoProver(self, copies[2], database.name, paths.operation(operation.id)))
        }
        try decisions.finish(plan, isStopped: script.isStopped)
        var proof = UndoProof.none
        if script.isStopped {
            proof = .stopped
        } else if request.proves, !request.isPreview, !script.isEmpty {
            try steps.time("prove") {
                let prover = UndoProver(self, copies[2], database.name, paths.operation(operation.id))
                try prover.prove(script, definitions)
            }
            proof = .passed
        }
        return UndoResult(
            plan: plan, found: moments.found, rule: request.conflicts,
            script: script.text(proof == .passed ? .passed : .none), writes: script.count, proof: proof,
            operationID: operation.id, steps: steps.steps,
            notes: moments.notes(copies) + plan.withdrawnDecisions(request.conflicts))
    }

    /// Makes the copies of before, after and now, in that order.
    ///
    /// - Returns: what partial copies have to have, if they do; the database whose rows are taken back, and
    ///   what was done in it.
    private func makeCopies(
        _ copies: inout [PrivateCopy], _ moments: UndoMoments, _ footprint: inout TransactionFootprint,
        _ request: UndoRequest, _ operation: RunningOperation, _ steps: inout StepTimes
    ) throws -> (AddressedRows?, UndoDatabase, TransactionFootprint?) {
        try requireRoom(for: moments, footprint, request)
        copies.append(
            try steps.time("copy of now") { try makePrivateCopy(moments.now, "now", operation) })
        var rows = try AddressedRows(of: footprint, request, copies[0])
        func copyOthers(_ prefix: String) throws {
            for (role, prepared) in [("after", moments.after), ("before", moments.before)] {
                let copy = try steps.time("copy of \(role)") {
                    try makePrivateCopy(prepared, prefix + role, operation, of: rows)
                }
                copies.insert(copy, at: 0)
                // What one moment's cannot do the other's cannot either, most often.
                if copy.isWhole { rows = nil }
            }
        }
        try copyOthers("")
        var database = try UndoDatabase(of: &footprint, copies, request.database)
        var ofOne = database.number.map { footprint.keeping(database: $0) }
        // Which files are catalogs is known only now, where these were written anew.
        if ofOne?.touchesCatalogs ?? false, copies.contains(where: { !$0.isWhole }) {
            copies.dropLast().forEach { $0.remove() }
            copies.removeFirst(copies.count - 1)
            rows = nil
            try copyOthers("all-")
            database = try UndoDatabase(of: &footprint, copies, request.database)
            ofOne = database.number.map { footprint.keeping(database: $0) }
        }
        return (rows, database, ofOne)
    }

    /// Of the moments before now whole copies are made only where they have to be.
    private func requireRoom(
        for moments: UndoMoments, _ footprint: TransactionFootprint, _ request: UndoRequest
    ) throws {
        let mayBePartial = AddressedRows.suffice(for: footprint, request)
        let plans = (mayBePartial ? [moments.now] : moments.all).map(\.planned.plan)
        try diskRoom(paths.operations).require(
            plans.map(\.leastBytes).reduce(0, +),
            for: mayBePartial ? "a temporary copy" : "three temporary copies")
    }

    private func droppedDefinitions(
        of plan: inout UndoPlan, _ own: TransactionFootprint, _ copies: [PrivateCopy], _ folder: String
    ) throws -> DroppedDefinitions? {
        guard own.isOne else {
            plan.leftOut.append(
                .init(
                    subject: "definitions",
                    reason: "others changed definitions, or rows of these tables, between the transactions, "
                        + "or a sequence that they dropped gave out numbers: take those back one by one "
                        + "that made, dropped or altered something"))
            return nil
        }
        return plan.makesDropped ? try addDropped(to: &plan, copies, folder) : nil
    }

    /// What is made again is made in one transaction: batches do without it, as long as no rows are in it.
    private func leaveOutDropped(of plan: inout UndoPlan, _ definitions: inout DroppedDefinitions?) throws {
        guard let found = definitions, !plan.definitions.isEmpty else { return }
        guard !found.makesTables else {
            throw Problem(
                .usage, "tables that the transaction dropped cannot be made again in batches",
                detail: "objects and their rows are made in one transaction",
                hint: "Leave --batch out, or choose tables that are there with --table.")
        }
        plan.leftOut += plan.definitions.entries.map {
            UndoPlan.LeftOut(
                subject: $0, reason: "what was dropped is not made again in batches: leave --batch out for it"
            )
        }
        plan.definitions = Definitions()
        definitions = nil
    }

    private func read(
        _ plan: inout UndoPlan, _ footprint: TransactionFootprint, _ copies: [PrivateCopy],
        _ between: CopiesBetween, _ request: UndoRequest
    ) throws {
        var choice = UndoChoice()
        choice.isStrict = request.isStrict
        choice.tables = try request.tables.map { try TableWord($0) }
        choice.columns = Set(request.columns)
        choice.condition = request.condition
        choice.conditionAfter = request.conditionAfter
        var reader = UndoReader(
            UndoCopies(
                before: try copies[0].connectAsWorker(plan.database),
                after: try copies[1].connectAsWorker(plan.database),
                now: try copies[2].connectAsWorker(plan.database),
                areWhole: copies[0].isWhole && copies[1].isWhole), footprint, choice,
            moments: between.session)
        let reading = try reader.read()
        plan.tables = reading.tables
        plan.leftOut += reading.leftOut
        if footprint.touchesLargeObjects {
            plan.leftOut.append(
                .init(
                    subject: "large objects",
                    reason: "they are not taken back: take them from a copy of just before"))
        }
        plan.droppedRows = reading.dropped
        plan.makesDropped = reading.hasAllDropped
        guard !reading.hasAllDropped else { return }
        plan.droppedRows = []
        plan.leftOut.append(
            .init(
                subject: "definitions",
                reason: "what was dropped is made again only with all of its tables' rows"))
    }

    /// Adds what the transaction dropped; tables of which another one is there by now are left out.
    private func addDropped(
        to plan: inout UndoPlan, _ copies: [PrivateCopy], _ folder: String
    ) throws -> DroppedDefinitions {
        let found = try DroppedDefinitions(copies, plan.database, folder: folder, runner)
        plan.definitions = try found.definitions(try copies[0].connect(plan.database))
        for words in found.there {
            plan.leftOut.append(.init(subject: words, reason: "one of that name is there now"))
        }
        for words in found.made {
            plan.leftOut.append(
                .init(subject: words, reason: "the transaction made it; drop it if it is not wanted"))
        }
        if found.hasAltered {
            plan.leftOut.append(
                .init(
                    subject: "definitions",
                    reason: "what the transaction altered of objects that it kept is not taken back"))
        }
        plan.droppedRows = plan.droppedRows.filter { found.makes($0.shape.number) }
        return found
    }

    /// The script, once PostgreSQL has no row to refuse.
    private func admitted(
        _ plan: inout UndoPlan, _ rule: ConflictRule, _ decisions: inout ConflictDecisions,
        _ prover: UndoProver
    ) throws -> RepairScript {
        var script = RepairScript(plan, rule)
        while !script.isStopped, !script.isEmpty {
            if try forbid(&plan, script, on: prover.copy, plan.database) {
                try decisions.apply(to: &plan)
                script = RepairScript(plan, rule)
                continue
            }
            guard script.tables.contains(where: { !$0.shape.triggers.isEmpty }) else { break }
            guard let tried = try prover.tryTriggers(script) else {
                plan.triggerEffects = ["not tried: this machine gives the copy no network namespace"]
                break
            }
            plan.triggerEffects = tried.effects
            // What triggers would overwrite they do not where they are off.
            if tried.overwritten.isEmpty || plan.disablesTriggers { break }
            let reason =
                script.isInBatches
                ? "a trigger gives it, or another column of it, other values, or refuses it: batches could "
                    + "not be gone on with, so leave --batch out"
                : "a trigger gives it other values, or refuses it"
            var isChanged = false
            for (table, rows) in Dictionary(grouping: tried.overwritten, by: \.table) {
                isChanged = plan.forbid(rows.map(\.row), of: table, because: reason) || isChanged
            }
            if !isChanged { break }
            try decisions.apply(to: &plan)
            script = RepairScript(plan, rule)
        }
        // The header tells what the triggers do.
        return RepairScript(plan, rule)
    }

    /// Tries the script on the copy of now, and takes it back; where PostgreSQL refuses it, row by row. What
    /// the tables do not admit by now is a conflict.
    ///
    /// - Returns: whether there were such rows.
    private func forbid(
        _ plan: inout UndoPlan, _ script: RepairScript, on copy: PrivateCopy, _ database: String
    ) throws -> Bool {
        let triggers = try TriggerSwitch(copy, database, script)
        try triggers.off()
        // A failure shows as a trigger that does nothing, and the copy is removed anyway.
        defer { try? triggers.on() }
        let connection = try UndoProver.session(copy, database, script)
        defer { connection.close() }
        try connection.execute("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
        try connection.execute("SAVEPOINT whole")
        do {
            for statement in script.statementTexts {
                try cancellation.check()
                try connection.execute(UndoProver.withoutGuards(statement))
            }
            return false
        } catch {
            guard error.code == .queryFailed, connection.isOpen else { throw error }
        }
        let refusal = connection.lastFailure
        try connection.execute("ROLLBACK TO whole")
        var isChanged = false
        for trial in script.trials() {
            try cancellation.check()
            try connection.execute("SAVEPOINT one")
            do {
                try connection.execute(trial.statement)
            } catch {
                let failure = connection.lastFailure
                guard let failure, connection.isOpen else { throw error }
                try connection.execute("ROLLBACK TO one")
                isChanged = plan.forbid(trial.rows, of: trial.table, because: failure.message) || isChanged
            }
            try connection.execute("RELEASE one")
        }
        guard isChanged else {
            throw Problem(
                .recoveryFailed, "the script as a whole fails on a copy of now, and no row of it by itself",
                detail: refusal?.message,
                hint: "No script is written. --preview shows the rows; a copy of just before has everything.")
        }
        return true
    }
}
