import ControlPlane
import Platform
import Portal

/// Practice: the incident of `pitr demo --portal`.
extension PortalPages {
    func practice() throws -> PracticePage {
        guard let practice = try visit.practice() else {
            throw Problem(
                .resourceNotFound, "there is nothing to practise on",
                hint: "'pitr demo --portal' makes an incident, with three tasks.")
        }
        var page = PracticePage()
        page.frame = try visit.frame(.practice)
        page.frame.refreshSeconds = 5
        page.group = practice.group
        page.server = practice.server
        page.tasks = practice.tasks.enumerated().map { index, task in
            PracticePage.Task(
                task.title, task.text, finding: task.finding,
                state: task.isDone ? .done : index == practice.current ? .now : .later)
        }
        return page
    }
}
