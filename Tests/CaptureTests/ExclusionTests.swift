import Testing

@testable import Capture

@Suite struct ExclusionTests {
    @Test(arguments: [
        "postmaster.pid", "postmaster.opts", "postgresql.auto.conf.tmp", "current_logfiles.tmp",
        "backup_label",
        "backup_label.old", "tablespace_map", "tablespace_map.old", "backup_manifest", "pg_internal.init",
        "pg_internal.init.4711", "pgsql_tmp", "pgsql_tmp4711.0", ".DS_Store",
    ])
    func `leaves out what a server makes anew`(name: String) {
        #expect(BackupExclusions.excludes(name: name))
    }

    @Test(arguments: [
        "PG_VERSION", "postgresql.auto.conf", "pg_control", "pg_filenode.map", "1259", "logfile",
    ])
    func `keeps what belongs to the data`(name: String) {
        #expect(!BackupExclusions.excludes(name: name))
    }

    @Test(arguments: [
        ("PG_VERSION", true), ("base", true), ("base/5", true), ("base/5/1259_fsm.1", true),
        ("base/5/pg_filenode.map", true), ("global/pg_control", true), ("pg_xact/0A0F", true),
        ("pg_multixact/members/0000", true), ("pg_tblspc/7", true), ("pg_logical/mappings/map-1", true),
        ("notes", false), ("postgresql.conf", false), ("log", false), ("base/notes", false),
        ("base/5/core", false), ("pg_xact/notes", false), ("pg_tblspc/old", false),
        ("pg_multixact/x", false),
    ])
    func `knows what PostgreSQL itself reads`(path: String, isOwn: Bool) {
        #expect(ClusterFiles.own(path) == isOwn)
    }

    @Test(arguments: ["t3_16384", "t3_16384_fsm", "t12_16384.1", "t1_2_vm.3"])
    func `knows temporary relations`(name: String) {
        #expect(BackupExclusions.isTemporaryRelation(name))
    }

    @Test(arguments: ["t_1", "t3", "t3_", "t3_x", "16384", "t3_16384_foo", "tx_1"])
    func `takes nothing else for a temporary relation`(name: String) {
        #expect(!BackupExclusions.isTemporaryRelation(name))
    }

    @Test func `of an unlogged relation only the init fork is kept`() {
        let names = ["1", "1_fsm", "1_init", "1_vm", "1.1", "2", "2_fsm", "t1_3", "PG_VERSION", "10"]
        #expect(BackupExclusions.kept(relationsIn: names) == ["1_init", "2", "2_fsm", "PG_VERSION", "10"])
    }

    @Test(arguments: [
        ("global", true), ("base/1", true), ("base", false), ("base/1/x", false), ("base/x", false),
        ("pg_tblspc/5/PG_15_202209061/16384", true), ("pg_tblspc/5", false), ("pg_xact", false),
    ])
    func `knows which directories hold relations`(directory: String, expected: Bool) {
        #expect(BackupExclusions.holdsRelations(directory) == expected)
    }

    @Test func `reads a relation's file name`() {
        #expect(RelationFileName("16384")?.firstBlock == 0)
        #expect(RelationFileName("16384.2")?.firstBlock == 262_144)
        #expect(RelationFileName("16384_vm")?.fork == .visibilityMap)
        #expect(RelationFileName("16384_init.1")?.part == 1)
        for name in [
            "", "x", "1.", ".1", "1.x", "1_", "1_main", "1_vm_fsm", "1.2.3", "pg_control", "1.99999",
        ] {
            #expect(RelationFileName(name) == nil, "\(name)")
        }
    }
}
