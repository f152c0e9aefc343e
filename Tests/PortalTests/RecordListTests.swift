import Testing

@testable import Portal

/// The WAL around a cut, as a page has it.
@Suite(.timeLimit(.minutes(5)))
struct RecordListTests {
    private func list() -> RecordList {
        var list = RecordList()
        list.cut = "0/3000"
        list.records = [
            RecordList.Record(
                lsn: "0/2F00", xid: "733", kind: "Heap/INSERT", sentence: "row added",
                names: "public.\"<i>\" in database shop", isLeftOut: false),
            RecordList.Record(
                lsn: "0/3000", xid: "734", kind: "Transaction/COMMIT", sentence: "committed", names: "",
                isLeftOut: true),
        ]
        return list
    }

    @Test func `each record says in words whether it is replayed, and steps keep the restore's own query`() {
        var list = list()
        list.earlier = "0/2F00"
        list.later = "0/3040"
        let text = list.html("/portal/x?before=0/3000").text
        #expect(text.ranges(of: "replayed").count == 1 && text.ranges(of: "left out").count == 1)
        #expect(text.contains("public.&quot;&lt;i&gt;&quot; in database shop"))
        #expect(text.contains("href=\"/portal/x?before=0/3000&amp;back=0%2F2F00#records\""))
        #expect(text.contains("&amp;on=0%2F3040#records"))
        #expect(!text.contains("Around the cut"))
    }

    @Test func `where there is no way on there is no button, and why there are none is said`() {
        var list = RecordList()
        list.problem = "the source's WAL is not here any more"
        list.isAway = true
        let text = list.html("/portal/x?made=1").text
        #expect(text.contains("the source&#39;s WAL is not here any more"))
        #expect(!text.contains("Earlier") && !text.contains("Later") && text.contains("Around the cut"))
    }
}
