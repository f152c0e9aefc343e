import AzureAPI
import Notation
import Planning
import ServiceModel
import ServiceSamples
import Testing

@testable import pitr

struct ViewTests {
    @Test func `a plan reads from what is wanted to what it costs`() {
        #expect(
            PlanView.text(.sample).render(width: 100) == """
                Plan to restore orders (resource group local)
                  Wanted         the state at 2026-03-31T22:02:13.876954Z
                  In UTC         2026-03-31T22:02:13.876954Z
                  Local time     2026-04-01 00:02:13.876954+02:00 (Europe/Paris)
                  Position       0/3000178
                  Transaction    745 is the last one that ended
                  Note           the time has no zone and is taken as UTC

                Base backup
                  Chosen         backup_1, completed 2026-03-31T21:02:13.876954Z
                  Covers         0/2000028 to 0/2000100 on timeline 1
                  Not taken      backup_2: it ends after the cut

                WAL to replay
                  Range          0/2000028 to 0/3000178, 16.0 MiB (16777552 bytes)
                  New timeline   2, which the copy begins
                  Segments       2: 000000010000000000000002 to 000000010000000000000003

                The cut
                  Last inside    commit of transaction 745 at 2026-03-31T22:02:12.876954Z
                                 record 0/3000150 to 0/3000178
                  First outside  commit of transaction 746 at 2026-03-31T22:02:14.876954Z
                                 record 0/3000400 to 0/3000428

                Handed to PostgreSQL
                  Setting        recovery_target_lsn = '0/3000150'
                  Why            a sequence is changed next
                  Must end at    0/3000178
                  At least       max_connections 50, max_worker_processes 8, max_wal_senders 10,
                                 max_prepared_transactions 0, max_locks_per_transaction 64

                The source at that moment
                  wal_level      replica from 0/2000028
                  Collations     libc 2.36 in postgres, shop; this machine has 2.36
                  In doubt       transaction 744 'order', prepared at 2026-03-31T22:02:12.876954Z

                Worth knowing
                  - one prepared transaction stays in doubt [prepared]

                Cost
                  Data           24.0 MiB
                  Disk needed    112.0 MiB, 10.00 GiB are free
                  Time           about 2.4 s; it depends on the disk

                """)
    }

    @Test func `what ended last is not called a commit where it was rolled back`() {
        var planned = PlannedRestore.sample
        planned.plan.requestedTime = nil
        #expect(PlanView.text(planned).render().contains("Last commit    2026-03-31T22:02:12"))
        planned.plan.lastInside?.kind = .abort
        #expect(PlanView.text(planned).render().contains("Last abort     2026-03-31T22:02:12"))
        var made = RestoreResult.sample
        #expect(EvidenceView.text(made.evidence).render().contains("Last commit inside"))
        made.evidence.lastCommitInside?.kind = .abortPrepared
        #expect(EvidenceView.text(made.evidence).render().contains("Last abort inside"))
    }

    @Test func `a plan's JSON has positions and times as text`() throws {
        guard case .object(let plan) = try JSONValue(encoding: RestorePlanDocument(.sample)),
            case .object(let inside)? = plan["lastInside"], case .object(let wal)? = plan["wal"],
            case .object(let target)? = plan["target"], case .object(let recovery)? = plan["recovery"]
        else {
            Issue.record("not the expected objects")
            return
        }
        #expect(inside["lsn"] == .string("0/3000150"))
        #expect(inside["timeUtc"] == .string("2026-03-31T22:02:12.876954Z"))
        #expect(inside["xid"] == .integer(745))
        #expect(wal["firstSegment"] == .string("000000010000000000000002"))
        #expect(wal["segmentCount"] == .integer(2))
        #expect(target["kind"] == .string("time"))
        #expect(target["backup"] == .null)
        #expect(recovery["setting"] == .string("recovery_target_lsn = '0/3000150'"))
        #expect(recovery["mode"] == .string("lsn"))
    }

    @Test func `the evidence names both edges, the checks and the seconds`() {
        let text = EvidenceView.text(RestoreResult.sample).render(width: 120)
        for line in [
            "Server orders-restored is Ready",
            "commit of transaction 745 at 2026-03-31T22:02:12.876954Z\n", "  record 0/3000150 to 0/3000178",
            "0/2000028 to 0/3000178, 2 segments", "1 before, 2 after", "  - replay ended at 0/3000178",
            "0.250 s", "1.500 s", "orders (5f0c3a1e)", "orders-restored (77aa)",
            "  pitr firewall-rule create -s orders-restored -n here --start-ip-address 127.0.0.1\n",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func `the restore's JSON is the new server with the evidence inside`() throws {
        guard case .object(let server)? = try RestoreCommand.report(.sample).value,
            case .object(let local)? = server["local"], case .object(let evidence)? = local["evidence"]
        else {
            Issue.record("not the expected objects")
            return
        }
        #expect(server["name"] == .string("orders-restored"))
        #expect(evidence["newServerId"] == .string("77aa"))
        #expect(evidence["totalSeconds"] == .double(1.5))
        #expect(local["followUp"] != .null)
    }

    @Test func `the list has az's columns, and tags`() throws {
        let table = ColumnTable(header: ServerView.columns, rows: [ServerView.row(.full)])
        #expect(
            table.render() == """
                Name    Resource Group  Location  Version  Storage Size(GiB)  Tier            \
                SKU                State  HA State    Availability zone  Tags
                ------  --------------  --------  -------  -----------------  --------------  \
                -----------------  -----  ----------  -----------------  ---------
                orders  local           local     15       128                GeneralPurpose  \
                Standard_D4ads_v5  Ready  NotEnabled  1                  owner=ops

                """)
    }

    @Test func `when a copy's time is over is shown where something expires, and how soon within a day`() {
        var (copy, held, over) = (ServerDetails.full, ServerDetails.full, ServerDetails.full)
        #expect(ServerView.table([.full]).header == ServerView.columns)
        copy.expiry = ExpiryState(time: instant(), secondsLeft: 5400, isOver: false)
        held.expiry = ExpiryState(time: instant(), secondsLeft: -60, isOver: true)
        held.heldSince = instant(-60)
        over.expiry = ExpiryState(time: instant(), secondsLeft: -60, isOver: true)
        let table = ServerView.table([copy, held, over, .full])
        #expect(table.header.last == "Expires")
        #expect(
            table.rows.map(\.last) == [
                "2026-03-31T22:02:13Z, in 2 hours", "2026-03-31T22:02:13Z, OVER, held",
                "2026-03-31T22:02:13Z, OVER", "",
            ])
        #expect(ServerView.expiry(copy)?.contains("in 2 hours; then deleted") == true)
        #expect(ServerView.expiry(held)?.contains("held since") == true)
        #expect(ServerView.expiry(over)?.contains("the next 'pitr maintain'") == true)
        #expect(ServerView.expiry(.full) == nil)
        #expect(ServerView.expiryWarning(.full) == nil && ServerView.expiryWarning(held) == nil)
        #expect(ServerView.expiryWarning(copy)?.hasPrefix("orders is deleted in 2 hours.") == true)
        #expect(ServerView.expiryWarning(over)?.hasPrefix("The time of orders is over") == true)
        copy.expiry?.secondsLeft = 86_401
        #expect(ServerView.expiryWarning(copy) == nil)
        #expect(ServerView.expiryCell(copy) == "2026-03-31T22:02:13Z")
        let shown = FlexibleServer(held).local
        #expect(shown.expiresAt != nil && shown.heldSince != nil)
    }

    @Test func `a server's text says where it came from, and when archiving fails`() {
        var server = ServerDetails.full
        server.archiver?.isFailing = true
        server.archiver?.lastFailedWAL = "000000010000000000000004"
        let text = ServerView.text(server).render()
        #expect(text.contains("Restored from\n"))
        #expect(text.contains("1/60000000"))
        #expect(text.contains("FAILING: 000000010000000000000004"))
        #expect(ServerView.text(.fresh).render().contains("none before the first backup is complete"))
    }

    @Test func `a created server shows its password once, and how to connect`() throws {
        let created = CreatedServer(
            server: .fresh, password: "Secret1!", databaseName: "postgres", firewallRuleName: nil,
            connectionString: "postgresql://ada:Secret1!@127.1.2.3/postgres?sslmode=require", notes: [])
        let text = ServerView.text(created).render()
        #expect(text.contains("Secret1!"))
        #expect(text.contains("none: no login over TCP is possible yet"))
        guard case .object(let fields) = try JSONValue(encoding: CreatedServerDocument(created)) else {
            return
        }
        #expect(
            Set(fields.members.map(\.name)) == [
                "connectionString", "databaseName", "firewallName", "host", "id", "location", "password",
                "port",
                "resourceGroup", "skuname", "username", "version",
            ])
    }
}
