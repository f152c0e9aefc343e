import ArgumentParser
import Planning
import Platform
import PostgresFormat
import ServiceModel
import ServiceSamples
import Testing
import WALEvents

@testable import pitr

/// The command that a line means.
private func parse<Command: ParsableCommand>(_ type: Command.Type, _ line: String...) throws -> Command {
    try #require(try Pitr.parseAsRoot(line) as? Command)
}

/// The message and exit status of a line that is refused.
private func refusal(_ line: [String]) -> (status: Int32, message: String) {
    do {
        _ = try Pitr.parseAsRoot(line)
        return (0, "")
    } catch {
        return (Pitr.exitCode(for: error) == .validationFailure ? 2 : 1, UsageError.text(of: error))
    }
}

struct ParsingTests {
    @Test(arguments: [
        ("0/2000028", "0/2000028.."), ("0/3000000..0/2000000", "0/2000000..0/3000000"),
        ("0/zz..0/1", "16/B374D848"),
    ])
    func `says how a stretch of the WAL is written`(_ text: String, _ hint: String) {
        #expect(WALOptions.flaw(ofPositions: text)?.hint?.contains(hint) == true)
        #expect(WALOptions.flaw(ofPositions: "./x") == nil && WALOptions.flaw(ofPositions: "../a/b") == nil)
    }

    @Test(arguments: ["-n", "-d", "--name", "--database-name"])
    func `a database is named as any az names it`(_ option: String) throws {
        #expect(try parse(DatabaseCreateCommand.self, "db", "create", "-s", "shop", option, "x").name == "x")
        #expect(try parse(DatabaseShowCommand.self, "db", "show", "-s", "shop", option, "x").name == "x")
        #expect(try parse(DatabaseDeleteCommand.self, "db", "delete", "-s", "shop", option, "x").name == "x")
    }

    @Test func `the addresses of a source may have ports of their own`() {
        func list(_ text: String) -> [String]? { SourceAddress.list(text, port: 5432)?.map(\.description) }
        #expect(list("a,b:5433") == ["a:5432", "b:5433"])
        #expect(list("::1,[::1]:5433,[::2]") == ["[::1]:5432", "[::1]:5433", "[::2]:5432"])
        #expect(list("/run/postgresql") == ["/run/postgresql:5432"])
        for text in ["", "a,", "a,a", "a:", "a:x", ":5432", "a:0", "[]:1", "[::1]x", "[::1"] {
            #expect(list(text) == nil, "\(text)")
        }
        #expect(WALLimit(argument: "10GB")?.bytes == 10 << 30 && WALLimit(argument: "much") == nil)
        let attach = ["attach", "-n", "p", "--host", "a"]
        #expect(refusal(attach + ["--no-slot", "--wal-limit", "1GB"]).status == 2)
        #expect(refusal(["reattach", "-n", "p", "--port", "1"]).status == 2)
    }

    @Test func `a copy's time is taken by restore and update, and by nothing else`() throws {
        let restore = try parse(
            RestoreCommand.self, "restore", "-n", "copy", "-s", "src", "--expires", "8h", "--hold")
        #expect(try restore.request.expiry == .after(seconds: 28_800) && restore.request.isHeld)
        let update = try parse(UpdateCommand.self, "update", "-n", "copy", "--expires", "never", "--no-hold")
        #expect(try update.request.expiry == .never && update.request.isHeld == false)
        let plain = try parse(UpdateCommand.self, "update", "-n", "copy").request
        #expect(plain.expiry == nil && plain.isHeld == nil)
        for line in [
            ["create", "--expires", "8h"],
            ["geo-restore", "-n", "c", "-l", "other", "-s", "src", "--expires", "8h"],
            ["list", "--expired", "--deleted"],
        ] {
            #expect(refusal(line).status != 0, "\(line)")
        }
    }

    @Test func `an export names one table, and a password only with a login`() throws {
        let line = ["export", "-n", "copy", "--table", "orders"]
        let export = try parse(
            ExportCommand.self, "export", "-n", "copy", "--table", "shop.orders", "--columns", "id,due",
            "--where", "id > 3", "--format", "sql", "-")
        #expect(export.columns == ["id,due"] && export.condition == "id > 3" && "\(export.format)" == "sql")
        for wrong in [
            ["export", "-n", "copy", "x"], line, line + ["-p", "x", "f"], line + ["--format", "xml", "f"],
            line + ["--columns", "a,,b", "f"], ["list", "--temporary", "--expired"],
        ] {
            #expect(refusal(wrong).status != 0, "\(wrong)")
        }
    }

    @Test func `a drill takes a target, assertions and steps with names of their own`() throws {
        let line = ["drill", "run", "-s", "shop"]
        let run = try parse(
            DrillRunCommand.self, "drill", "run", "-s", "shop", "--restore-time", "yesterday 18:00",
            "--checks",
            "a.sql", "--checks", "more", "--step", "migrate=make up VERSION=2", "--step", "test=./t", "--keep"
        )
        #expect(run.work.checks == ["a.sql", "more"] && run.keep && run.work.timeLimit == 600)
        #expect(run.work.step.map(\.name) == ["migrate", "test"])
        #expect(run.work.step[0].command == "make up VERSION=2")
        for wrong in [
            line + ["--step", "x"], line + ["--step", "=x"], line + ["--step", "a=x", "--step", "a=y"],
            line + ["--time-limit", "0"], ["drill", "show"], ["drill", "show", "-n", "1", "-s", "shop"],
            ["drill", "schedule", "-s", "shop", "--daily", "03:00", "--off"],
            ["drill", "schedule", "-s", "shop", "--checks", "a.sql"],
            ["drill", "schedule", "-s", "shop", "--daily", "03:00", "--time-limit", "3601"],
            ["drill", "schedule", "-s", "shop", "--step", "a=b"],
            ["drill", "schedule", "-s", "shop", "--daily", "03:00", "--step", "a=b", "--step", "a=c"],
            ["evidence", "bundle", "x.tar"],
            ["evidence", "bundle", "-n", "copy", "--drill", "1", "x.tar"],
        ] {
            #expect(refusal(wrong).status != 0, "\(wrong)")
        }
        let weekly = try parse(
            DrillScheduleCommand.self, "drill", "schedule", "-s", "shop", "--weekly", "sat", "03:00")
        #expect(weekly.weekly == ["sat", "03:00"])
    }

    @Test func `a comparison is with one other side, and reads slowly only a server in use`() throws {
        let line = ["compare", "-n", "copy"]
        let compare = try parse(
            CompareCommand.self, "compare", "-n", "copy", "--with-source", "--max-rate", "2.5", "-d", "shop",
            "--table", "shop.*", "--table", "orders", "--rows")
        #expect(compare.withSource && compare.maxRate == 2.5 && compare.table == ["shop.*", "orders"])
        #expect(try parse(CompareCommand.self, "compare", "-n", "copy").databaseName == nil)
        for wrong in [
            ["compare"], line + ["--with", "a", "--with-source"], line + ["--schema", "--rows"],
            line + ["--max-rate", "5"], line + ["--with-source", "--max-rate", "0"],
            line + ["--schema", "--table", "t"],
        ] {
            #expect(refusal(wrong).status != 0, "\(wrong)")
        }
    }

    @Test func `restore takes every option that makes sense here`() throws {
        let request = try parse(
            RestoreCommand.self, "restore", "-g", "rg", "-n", "copy", "--source-server", "src",
            "--restore-time",
            "2026-03-22T18:20:22+00:00", "--target-mode", "lsn", "--tags", "a=b", "c", "--tier",
            "MemoryOptimized",
            "--sku-name", "Standard_E2ds_v5", "--storage-type", "PremiumV2_LRS", "--geo-redundant-backup",
            "enabled", "--zone", "2", "--listen", "127.9.9.9", "--port", "5999", "--yes", "--dry-run", "-o",
            "json"
        ).request
        #expect(request.resourceGroup == "rg")
        #expect(request.name == "copy")
        #expect(request.sourceServer == "src")
        #expect(request.target.typedTime == "2026-03-22T18:20:22+00:00")
        #expect(request.targetMode == .lsn)
        #expect(request.tags == ["a": "b", "c": ""])
        #expect(request.tier == "MemoryOptimized")
        #expect(request.skuName == "Standard_E2ds_v5")
        #expect(request.storageType == "PremiumV2_LRS")
        #expect(request.geoRedundantBackup == true)
        #expect(request.availabilityZone == "2")
        #expect(request.listen == "127.9.9.9")
        #expect(request.port == 5999)
    }

    @Test func `plan asks for the same as restore`() throws {
        let line = ["-n", "copy", "--source-server", "src", "--backup", "b1", "--tags", "a=b", "-z", "1"]
        let plan = try #require(try Pitr.parseAsRoot(["plan"] + line) as? PlanCommand).request
        let restore = try #require(try Pitr.parseAsRoot(["restore"] + line) as? RestoreCommand).request
        #expect("\(plan)" == "\(restore)")
        #expect(plan.target == .backup("b1"))
    }

    @Test func `a place in the WAL is a target of its own`() throws {
        let lsn = try parse(PlanCommand.self, "plan", "-s", "src", "--lsn", "1/a0B", "--exclusive").request
        #expect(lsn.target == .position(LSN(0x1_0000_0A0B), exclusive: true) && lsn.sourceServer == "src")
        let xid = try parse(PlanCommand.self, "plan", "-s", "src", "--xid", "4294968041").request
        let number = try #require(TransactionNumber("4294968041"))
        #expect(number.id == TransactionID(745) && xid.target == .transaction(number, exclusive: false))
        let point = try parse(PlanCommand.self, "plan", "-s", "src", "--restore-point", "release 42").request
        #expect(point.target == .restorePoint("release 42"))
    }

    @Test func `a time is read where it is typed, and its words go along`() throws {
        let request = try parse(
            RestoreCommand.self, "restore", "-n", "c", "--source-server", "s", "--restore-time",
            "2026-03-22 19:20:22 Europe/Paris"
        ).request
        guard case .time(let time) = request.target else {
            Issue.record("\(request.target)")
            return
        }
        #expect(time.instant.description == "2026-03-22T18:20:22.000000Z")
        #expect(time.typed == "2026-03-22 19:20:22 Europe/Paris" && time.note?.contains("is 2026") == true)
    }

    @Test(arguments: [["--restore-time", "25:00"], ["--before", "drop it all at once"]])
    func `what is no time and no event is refused with the words and how to say it`(_ words: [String]) throws
    {
        let command = try #require(
            try Pitr.parseAsRoot(["restore", "-n", "c", "-s", "s"] + words) as? RestoreCommand)
        let problem = #expect(throws: Problem.self) { try command.request }
        #expect(problem?.code == .usage && "\(problem.debugDescription)".contains(words[1]))
    }

    @Test func `which of several events is meant goes along with its words`() throws {
        let request = try parse(
            PlanCommand.self, "plan", "-s", "src", "--before", "delete from orders", "--nth", "2",
            "--min-rows", "100"
        ).request
        let choice = EventChoice(.nth(2), minimumRows: 100)
        #expect(request.target == .event(try RequestedEvent("delete from orders", choice)))
    }

    @Test(arguments: [
        ["--vnet", "x"], ["--subnet", "x"], ["--private-dns-zone", "x"], ["--identity", "x"], ["--key", "x"],
        ["--backup-identity", "x"], ["--backup-key", "x"], ["--federated-client-id", "x"],
        ["--backup-federated-client-id", "x"], ["-f", "x"],
    ])
    func `restore, revive-dropped and plan understand and refuse what one machine has not`(options: [String])
    {
        // The others share the groups of options; one of each group is enough for them.
        let commands =
            ["--vnet", "--key"].contains(options[0])
            ? ["restore", "plan", "revive-dropped"] : ["restore"]
        for command in commands {
            let answer = refusal([command, "-n", "c", "--source-server", "s"] + options)
            #expect(answer.status == 2)
            #expect(answer.message.contains("not possible"))
            #expect(answer.message.split(separator: "\n").count <= 2)
        }
    }

    @Test(arguments: [
        ["--vnet", "x"], ["--subnet", "x"], ["--key", "x"], ["--identity", "x"], ["-m", "x"], ["-i", "x"],
        ["-t", "User"], ["--microsoft-entra-auth", "Enabled"], ["--password-auth", "Disabled"],
        ["--zonal-resiliency", "Enabled"], ["--standby-zone", "1"], ["--allow-same-zone"],
        ["--node-count", "2"], ["--high-availability", "ZoneRedundant"],
        ["--address-prefixes", "10.0.0.0/16"], ["--subnet-prefixes", "10.0.0.0/24"],
        ["--active-directory-auth", "Enabled"],
        ["--iops", "500"], ["--throughput", "1"], ["--performance-tier", "P10"],
    ])
    func `create and update understand and refuse what one machine has not`(options: [String]) {
        let commands =
            ["--vnet", "--key", "-m", "--iops", "--node-count"].contains(options[0])
            ? ["create", "update"] : ["create"]
        for command in commands {
            let answer = refusal([command, "-n", "c"] + options)
            #expect(answer.status == 2)
            #expect(answer.message.contains("not possible"))
        }
    }

    @Test func `create takes az's options, also those that say what is so anyway`() throws {
        let request = try parse(
            CreateCommand.self, "create", "-n", "orders", "-l", "here", "-u", "ada", "-p", "Secret1!",
            "--version",
            "15", "--tier", "Burstable", "--sku-name", "Standard_B1ms", "--storage-size", "64",
            "--storage-type", "Premium_LRS", "--storage-auto-grow", "Enabled", "--backup-retention", "10",
            "--geo-redundant-backup", "Disabled", "--public-access", "127.0.0.1-127.0.0.9", "-d", "shop",
            "--microsoft-entra-auth", "Disabled", "--password-auth", "Enabled", "--zonal-resiliency",
            "Disabled", "--high-availability", "Disabled", "--active-directory-auth", "Disabled", "-z", "1",
            "--listen", "127.5.5.5", "--port", "6000", "--tags", "x=1", "--yes"
        ).request
        #expect(request.resourceGroup == "local")
        #expect(request.version == "15")
        #expect(request.adminUser == "ada")
        #expect(request.adminPassword == "Secret1!")
        #expect(request.storageSizeGiB == 64)
        #expect(request.storageAutoGrow == true)
        #expect(request.geoRedundantBackup == false)
        #expect(request.publicAccess == "127.0.0.1-127.0.0.9")
        #expect(request.databaseName == "shop")
        #expect(request.backupRetentionDays == 10)
        #expect(request.tags == ["x": "1"])
        #expect(request.port == 6000)
    }

    @Test func `update tells tags that are cleared from tags that are left alone`() throws {
        #expect(try parse(UpdateCommand.self, "update", "-n", "s", "--tags", "").request.tags == [:])
        #expect(try parse(UpdateCommand.self, "update", "-n", "s").request.tags == nil)
        #expect(
            try parse(UpdateCommand.self, "update", "--tags", "a=b=c", "d", "-n", "s").request.tags == [
                "a": "b=c", "d": "",
            ])
    }

    @Test func `children are named by server and name`() throws {
        let rule = try parse(
            FirewallRuleCreateCommand.self, "firewall-rule", "create", "-g", "rg", "-s", "Orders",
            "--start-ip-address", "127.0.0.5")
        #expect(rule.server.reference == ServerReference(resourceGroup: "rg", name: "orders"))
        #expect(
            rule.rule(at: instant())
                == FirewallRule(
                    name: "FirewallIPAddress_2026-3-31_22-2-13", startIPAddress: "127.0.0.5",
                    endIPAddress: "127.0.0.5"))
        let backup = try parse(BackupDeleteCommand.self, "backup", "delete", "-s", "a", "-n", "b", "-y")
        #expect(backup.name == "b" && backup.confirmed.yes)
        let parameter = try parse(
            ParameterSetCommand.self, "parameter", "set", "-s", "a", "-n", "work_mem", "-v", "4096",
            "--source",
            "user-override")
        #expect(parameter.value == "4096")
        let segment = try parse(WALGetCommand.self, "wal", "get", "000000010000000000000001", "f", "-s", "a")
        #expect(segment.file == "f" && segment.server.serverName == "a")
    }

    @Test func `a negative number is the value of the option before it`() throws {
        #expect(
            NegativeNumber.joined([
                "set", "-v", "-1", "--value", "-.5", "-x", "-1-2", "-n", "a", "--", "-n", "-3",
            ])
                == ["set", "-v=-1", "--value=-.5", "-x", "-1-2", "-n", "a", "--", "-n", "-3"])
        #expect(NegativeNumber.joined(["-1", "-2", "a", "-3", "-"]) == ["-1", "-2", "a", "-3", "-"])
        let words = ["parameter", "set", "-s", "a", "-n", "temp_file_limit", "-v", "-1"]
        #expect(
            try #require(Pitr.parseAsRoot(NegativeNumber.joined(words)) as? ParameterSetCommand).value == "-1"
        )
    }

    @Test(arguments: [
        (["restore", "-n", "c"], "--source-server"),
        (["restore", "-n", "c", "--source-server", "s", "--restore-time", "t", "--backup", "b"], "either"),
        (["plan", "-s", "s", "--lsn", "12"], "--lsn"), (["plan", "-s", "s", "--xid", "-1"], "--xid"),
        (["plan", "-s", "s", "--restore-point", "p", "--exclusive"], "--exclusive"),
        (["plan", "-s", "s", "--xid", "7", "--lsn", "0/7"], "either --lsn or --xid"),
        (["start"], "--all"), (["start", "--all", "-n", "s"], "--all"),
        (["start", "--all", "--no-wait"], "--no-wait"), (["stop", "--all", "--no-wait"], "--no-wait"),
        (["restart", "-n", "s", "--failover", "Forced"], "Failing over"),
        (["wait", "-n", "s"], "--created"), (["wait", "-n", "s", "--custom", "x"], "--custom"),
        (["firewall-rule", "create", "-s", "s", "-n", "r"], "--start-ip-address"),
        (["db", "create", "-s", "s", "-n", "d", "--charset", "utf8"], "together"),
        (["maintain", "--as-of", "yesterday"], "--as-of"), (["list", "-o", "xml"], "xml"),
        (["update", "-n", "s", "--set", "a=b"], "--set"), (["nonsense"], "nonsense"),
        (["show-connection-string", "--pg-bouncer"], "--pg-bouncer"),
    ])
    func `wrong use ends with status 2 and says what is wrong`(line: [String], word: String) {
        let answer = refusal(line)
        #expect(answer.status == 2)
        #expect(answer.message.hasPrefix("ERROR: "))
        #expect(answer.message.contains(word), "\(answer.message)")
    }

    @Test func `every command explains itself`() throws {
        func check(_ command: any ParsableCommand.Type, path: [String]) {
            do {
                var help = try Pitr.parseAsRoot(path + ["--help"])
                if help is any PitrCommand {
                    Issue.record("\(path) would run instead of printing its help")
                    return
                }
                try help.run()
            } catch {
                #expect(Pitr.exitCode(for: error) == .success, "\(path)")
                #expect(Pitr.fullMessage(for: error).contains("USAGE: pitr"), "\(path)")
            }
            for child in command.configuration.subcommands
                + command.configuration.groupedSubcommands.flatMap(\.subcommands)
            {
                check(child, path: path + [child._commandName])
            }
        }
        check(Pitr.self, path: [])
    }

    @Test func `the wait knows when it is over`() throws {
        let deleted = try parse(WaitCommand.self, "wait", "-n", "s", "--deleted")
        #expect(deleted.isReached(nil) && deleted.isReached(.dropped) && !deleted.isReached(.stopped))
        let exists = try parse(WaitCommand.self, "wait", "-n", "s", "--exists")
        #expect(exists.isReached(.stopped) && !exists.isReached(nil))
        let created = try parse(
            WaitCommand.self, "wait", "-n", "s", "--created", "--interval", "1", "--timeout", "9")
        #expect(created.isReached(.ready) && !created.isReached(.provisioning) && !created.isReached(nil))
    }

    @Test func `the activity log goes back six hours unless told otherwise`() throws {
        let now = instant()
        let usual = try parse(ActivityLogListCommand.self, "activity-log", "list").range(now: now)
        #expect(usual.from == now.advanced(bySeconds: -21600) && usual.to == now)
        let day = try parse(ActivityLogListCommand.self, "activity-log", "list", "--offset", "1d2h").range(
            now: now)
        #expect(day.from == now.advanced(bySeconds: -93600))
        let one = try parse(ActivityLogListCommand.self, "activity-log", "list", "--correlation-id", "c")
        #expect(one.range(now: now).from == nil)
        #expect(TimeOffset(argument: "6") == nil)
        #expect(TimeOffset(argument: "h") == nil)
    }

    @Test(
        arguments: [
            ([""], [:]), (["a"], ["a": ""]), (["a="], ["a": ""]),
            (["a=1", "b=x=y"], ["a": "1", "b": "x=y"]),
            (["a=1", "a=2"], ["a": "2"]),
        ] as [([String], [String: String])])
    func `tags are read as az reads them`(texts: [String], expected: [String: String]) {
        #expect(TagList.parse(texts) == expected)
    }
}
