import ControlPlane
import Foundation
import Notation
import Platform
import PostgresFormat
import Server
import ServiceModel

/// `pitr demo --portal`: an incident to practise on, with three tasks that are checked as they are done.
struct PracticeDemo {
    /// Seconds between two looks.
    private static let pause = 0.5
    /// Seconds that the page has to show the end.
    private static let lastLook = 5.0

    private let controlPlane: ControlPlane
    private let shop: PracticeShop
    private let say: (String) -> Void
    /// The state directory as other commands find it, where it is not the usual one.
    private let variables: String

    /// Runs until the tasks are done or it is called off; either way nothing is left.
    ///
    /// - Parameters:
    ///   - session: whose cancellation ends the practice; what is removed then is removed all the same.
    ///   - owners: accounts whose browsers may sign in with the link.
    static func run(_ session: Session, owners: Set<UInt32>, _ say: @escaping (String) -> Void) throws {
        let isUsualHome = try session.hasUsualHome()
        let controlPlane = try session.controlPlane()
        let demo = PracticeDemo(
            controlPlane: controlPlane, shop: PracticeShop(controlPlane: controlPlane), say: say,
            variables: isUsualHome
                ? "" : "PITR_HOME=\(Command.shellQuoted(controlPlane.account.home)) ")
        try Demo.requireFreeNames([PracticeShop.source.name], controlPlane)
        try requireNoOtherCopies(controlPlane)
        let before = try controlPlane.endpoint()
        // One that runs already is used, and goes on afterwards.
        let daemon =
            try controlPlane.isDispatched()
            ? nil
            : OwnDaemon(
                controlPlane, owners: owners.union([controlPlane.account.uid]), messages: session.messages)
        func end() throws {
            daemon?.stop()
            // A flag of its own: Ctrl-C is what this is done for.
            let cleaner = try ControlPlane(account: controlPlane.account)
            try Self.remove(cleaner)
            guard daemon != nil else { return }
            _ = try PortalSessions(cleaner).endAll()
            try cleaner.keep(before ?? .standard)
        }
        do {
            try Self.remove(controlPlane)
            try demo.run(daemon)
        } catch {
            try end()
            let problem = ControlPlane.problem(from: error)
            guard problem.code == .canceled, Interruption.flag.isCancelled else { throw error }
            return say("\nEnded before the tasks were done. Everything is removed again.")
        }
        try end()
        say("\nEverything is removed again.")
    }

    private func run(_ daemon: OwnDaemon?) throws {
        say("A shop's server is made, and its first base backup is taken.")
        _ = try controlPlane.createGroup(name: Demo.group, location: nil, tags: ["purpose": "demo"])
        var request = CreateServerRequest(resourceGroup: Demo.group)
        request.name = PracticeShop.source.name
        request.adminUser = PracticeShop.admin
        let created = try controlPlane.createServer(request)
        guard try !controlPlane.listBackups(PracticeShop.source).isEmpty else {
            throw Problem(.noUsableBackup, "the first backup was not taken", detail: created.notes.joined())
        }
        _ = try controlPlane.createFirewallRule(
            PracticeShop.source,
            FirewallRule(name: "demo", startIPAddress: "127.0.0.1", endIPAddress: "127.0.0.1"))
        say("The shop works on it, and then things go wrong.")
        try shop.open(created.server)
        var practice = Practice(PracticeShop.source, tasks: PracticeShop.tasks)
        practice.serverID = created.server.id
        try controlPlane.keep(practice)
        try invite(password: created.password)
        try solve(0, &practice, daemon, judgeCopies())
        try solve(1, &practice, daemon) { try shop.judgePrices() }
        let known = try Set(controlPlane.listServers(resourceGroup: nil).map(\.id))
        _ = try controlPlane.deleteServer(PracticeShop.source)
        try solve(2, &practice, daemon) { try shop.judgeReturn(known: known) }
        say("\nAll three are done.")
        if daemon != nil { Thread.sleep(forTimeInterval: Self.lastLook) }
    }

    private func invite(password: String) throws {
        guard let endpoint = try controlPlane.endpoint() else {
            throw Problem(.stateDamaged, "it is not known where the portal listens")
        }
        let isOpen = try controlPlane.isDispatched() && endpoint.isOpenToOthers
        let way =
            isOpen
            ? """
            The portal; 'pitr serve' lets other machines in, so sign in with an identity's secret
            ('pitr identity create -n NAME --role Owner' makes one):
              \(endpoint.url)/portal
            """
            : """
            The portal, for two minutes ('pitr portal' prints another link):
              \(endpoint.url)/portal/sign-in?code=\(try PortalSessions(controlPlane).makeLink())
            """
        say(
            """

            \(way)
            The browser has to trust \(controlPlane.account.home)/ca/ca.crt, once.
            There, Practice tells what is to be done. So does this terminal; Ctrl-C ends it, and removes all.
            Commands that the portal shows work in a shell after this:
              export \(variables)PGPASSWORD=\(Command.shellQuoted(password))
            """)
    }

    /// A copy is judged once: it does not change by itself.
    private func judgeCopies() throws -> () throws -> PracticeShop.Verdict {
        let source = try controlPlane.server(PracticeShop.source).id
        var judged: Set<String> = []
        return {
            let copies = try controlPlane.listServers(resourceGroup: nil).filter {
                $0.restoredFrom?.sourceServerID == source && $0.state == .ready && !judged.contains($0.id)
            }
            guard let copy = copies.first else { return .open(nil) }
            let verdict = try shop.judgeCopy(copy)
            judged.insert(copy.id)
            return verdict
        }
    }

    /// Tells a task, and looks until it is done.
    private func solve(
        _ index: Int, _ practice: inout Practice, _ daemon: OwnDaemon?,
        _ judge: () throws -> PracticeShop.Verdict
    ) throws {
        let task = practice.tasks[index]
        say("\nTask \(index + 1) of \(practice.tasks.count): \(task.title)")
        for sentence in task.text { say("    " + sentence) }
        while true {
            try Interruption.flag.check()
            try daemon?.check()
            switch verdict(judge) {
            case .done(let seen):
                practice.tasks[index].isDone = true
                practice.tasks[index].finding = seen
                try controlPlane.keep(practice)
                return say("  done: \(seen)")
            case .open(let seen?) where seen != practice.tasks[index].finding:
                practice.tasks[index].finding = seen
                try controlPlane.keep(practice)
                say("  not yet: \(seen)")
            case .open: break
            }
            Thread.sleep(forTimeInterval: Self.pause)
        }
    }

    private func verdict(_ judge: () throws -> PracticeShop.Verdict) -> PracticeShop.Verdict {
        do {
            return try judge()
        } catch {
            // A server that is being restarted, or was deleted by whoever practises, can be looked at later.
            return .open(nil)
        }
    }

    // MARK: Afterwards

    /// Removes what this run or one before it has left: the group, which is the demo's own, and the copies
    /// that were made in other groups.
    private static func remove(_ controlPlane: ControlPlane) throws {
        try callOff(controlPlane)
        for copy in try copies(controlPlane) {
            _ = try controlPlane.deleteServer(
                ServerReference(resourceGroup: copy.resourceGroup, name: copy.name), purge: true)
        }
        if try controlPlane.listGroups().contains(where: { $0.name == Demo.group }) {
            try controlPlane.deleteGroup(Demo.group)
            try controlPlane.forgetDeleted(resourceGroup: Demo.group)
        }
        // Last: until then it tells a later run whose copies are to be removed.
        try controlPlane.endPractice()
    }

    /// Those of the practice that is kept, in other groups.
    private static func copies(_ controlPlane: ControlPlane) throws -> [ServerDetails] {
        guard let practice = try controlPlane.practice() else { return [] }
        return practice.copies(
            among: try controlPlane.listServers(resourceGroup: nil),
            deleted: try controlPlane.listDeletedServers(resourceGroup: nil))
    }

    /// Copies of a server of the same name that was no practice's are somebody's, and the demo would delete
    /// what they were made from.
    private static func requireNoOtherCopies(_ controlPlane: ControlPlane) throws {
        let own = try Set(copies(controlPlane).map(\.id))
        let other = try controlPlane.listServers(resourceGroup: nil).first { server in
            let source = server.restoredFrom?.sourceServerResourceID
            return server.resourceGroup != Demo.group && !own.contains(server.id)
                && source == ResourceID.server(PracticeShop.source)
        }
        guard let other else { return }
        throw Problem(
            .operationNotSupported, "'\(other.name)' is a copy of an earlier demo's server, and is yours",
            detail:
                "it is in the resource group '\(other.resourceGroup)', and the demo begins with a new server",
            hint:
                "Delete it if it is not needed, or run the demo in a folder of its own: 'pitr demo --portal "
                + "--home /var/tmp/pitr-demo'.")
    }

    /// Ends what is at work in the group, and waits for it for half a minute.
    private static func callOff(_ controlPlane: ControlPlane) throws {
        for _ in 0..<150 {
            let open = try controlPlane.listOperations(resourceGroup: nil, all: false).filter {
                $0.resourceID.lowercased().hasPrefix(ResourceID.group(Demo.group).lowercased() + "/")
            }
            guard !open.isEmpty else { return }
            // One that has ended meanwhile is as good.
            for operation in open { try? controlPlane.cancelOperation(operation.id) }
            Thread.sleep(forTimeInterval: 0.2)
        }
    }
}
