// What the pages gain where there is JavaScript: live operations, buttons to copy, a warning before the
// session ends. Everything else works without it.

/** What a screen reader reads out when it changes: one line for the whole page, and nothing else on it. */
const said = document.createElement("p")
said.setAttribute("role", "status")
said.className = "unseen"
document.querySelector("main")?.append(said)

function say(words) {
  if (words) said.textContent = words
}

/** The cards that this page was loaded again for: a page that stays as it was is not loaded for ever. */
const reloadedFor = "pitr-reloaded"
const justReloaded = "pitr-just-reloaded"

/** Loads the page again, once for a card in a phase. */
function reload(card) {
  const mark = `${card.dataset.operation} ${card.dataset.phase}`
  if (sessionStorage.getItem(reloadedFor) === mark) return
  sessionStorage.setItem(reloadedFor, mark)
  sessionStorage.setItem(justReloaded, "yes")
  location.reload()
}

/** How it ended is where one reads on, when the page has loaded itself for that. */
function readOutcome() {
  const isOwn = sessionStorage.getItem(justReloaded)
  sessionStorage.removeItem(justReloaded)
  if (isOwn) document.querySelector("[data-outcome]")?.focus({ preventScroll: true })
}

/** Shows the state of one operation on the page that is about it. */
function show(operation) {
  const card = document.querySelector(`[data-operation="${CSS.escape(operation.id)}"]`)
  if (!card) return
  if (operation.phase !== card.dataset.phase) return reload(card)
  const bar = card.querySelector("[data-progress]")
  const now = card.querySelector("[data-now]")
  if (now && now.textContent !== operation.now) now.textContent = operation.now
  if (bar && operation.total > 0) {
    bar.max = operation.total
    bar.value = Math.min(operation.bytes, operation.total)
  } else if (bar) {
    bar.removeAttribute("value")
  }
  if (!operation.step) return
  const steps = [...card.querySelectorAll("[data-step]")]
  const at = steps.findIndex((item) => item.dataset.step === operation.step)
  if (at < 0 || steps[at].className === "now") return
  const words = { done: ": done", now: ": in progress", ahead: ": to come" }
  steps.forEach((item, index) => {
    item.className = index < at ? "done" : index === at ? "now" : "ahead"
    item.querySelector("[data-state]").textContent = words[item.className]
    item.toggleAttribute("aria-current", false)
  })
  steps[at].setAttribute("aria-current", "step")
  say(`${steps[at].querySelector("[data-words]").textContent}: in progress`)
}

/** Takes the whole state: every operation that is not over. */
function take(state) {
  const count = document.querySelector("[data-open-operations]")
  if (count) {
    count.textContent = state.operations.length
    count.hidden = state.operations.length === 0
  }
  const card = document.querySelector("[data-operation]")
  if (card && !["queued", "running"].includes(card.dataset.phase)) return
  if (card && !state.operations.some((item) => item.id === card.dataset.operation)) {
    return reload(card)
  }
  state.operations.forEach(show)
}

/** One stream per browser: the tab that holds the lock listens, and tells the others. */
function listen() {
  if (!document.querySelector("[data-open-operations]")) return
  const tabs = new BroadcastChannel("pitr-live")
  tabs.onmessage = (message) => take(message.data)
  navigator.locks.request("pitr-live", () => new Promise((release) => {
    let stream
    const open = () => {
      stream = new EventSource("/portal/events")
      stream.addEventListener("state", (event) => {
        const state = JSON.parse(event.data)
        take(state)
        tabs.postMessage(state)
      })
      // After an answer that is no stream the browser gives up by itself.
      stream.addEventListener("error", () => {
        if (stream.readyState === EventSource.CLOSED) again = setTimeout(open, 5000)
      })
    }
    let again
    open()
    addEventListener("pagehide", () => { clearTimeout(again); stream.close(); release() })
  }))
}

/** A button beside everything that is made to be pasted. */
function addCopyButtons() {
  for (const text of document.querySelectorAll("[data-copy]")) {
    if (text.parentElement.className === "copied") continue
    const box = document.createElement("div")
    box.className = "copied"
    text.replaceWith(box)
    const button = document.createElement("button")
    button.type = "button"
    const words = document.createTextNode("Copy")
    button.append(words)
    // What it copies: several on a page would all be called alike.
    const caption = box.parentElement.querySelector("figcaption")?.textContent
      ?? box.closest("section, form, .empty, main").querySelector("h1, h2, h3, legend, summary")?.textContent
    if (caption) {
      const more = document.createElement("span")
      more.className = "unseen"
      more.textContent = ` ${caption}`
      button.append(more)
    }
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent)
      words.textContent = "Copied"
      say("Copied")
      setTimeout(() => { words.textContent = "Copy"; said.textContent = "" }, 2000)
    })
    box.append(text, button)
  }
}

/** Says five minutes ahead that the session ends: what is typed by then can still be sent. */
function warnOfEnd() {
  const form = document.querySelector("[data-until]")
  if (!form) return
  const left = Number(form.dataset.until) * 1000 - Date.now() - 300000
  if (left > 2 ** 31 - 1) return
  setTimeout(() => {
    const note = document.createElement("p")
    note.className = "notice attention"
    note.setAttribute("role", "alert")
    note.textContent = "This session ends in five minutes. 'pitr portal' begins another one."
    document.querySelector("main").prepend(note)
  }, Math.max(0, left))
}

/** A second press of the same button says nothing new. */
function sendOnce() {
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault()
      form.dataset.sent = "yes"
    })
  }
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent
  })
}

/** What was refused is where the keyboard goes on; Escape closes what was opened to be confirmed. */
function keepFocus() {
  document.querySelector("main [role=alert]")?.focus()
  addEventListener("keydown", (key) => {
    if (key.key !== "Escape") return
    const open = document.activeElement?.closest("details[open]")
    if (!open) return
    open.open = false
    open.querySelector("summary").focus()
  })
}

/** What changes without an operation is looked at every other second, and shown where it changed. */
function follow() {
  if (!document.querySelector("[data-follow]")) return
  setInterval(async () => {
    const part = document.querySelector("[data-follow]")
    // Between two pages, and when the daemon has ended, there is no answer; the next look may have one.
    const answer = await fetch(location.href).catch(() => null)
    if (!answer?.ok) return
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html")
    const now = fresh.querySelector("[data-follow]")
    if (!now || now.innerHTML === part.innerHTML) return
    // Whoever was on a link of it stays there.
    const place = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null
    part.innerHTML = now.innerHTML
    if (place) part.querySelector(`[href="${CSS.escape(place)}"]`)?.focus()
    say(now.dataset.said)
  }, 2000)
}

/** In a calendar up and down go by weeks; left and right go by days without a script. */
function goByWeeks() {
  for (const calendar of document.querySelectorAll(".calendar")) {
    const days = [...calendar.querySelectorAll("input")]
    calendar.addEventListener("keydown", (key) => {
      const step = { ArrowUp: -7, ArrowDown: 7 }[key.key]
      if (!step) return
      key.preventDefault()
      const day = days[days.indexOf(key.target) + step]
      if (!day || day.disabled) return
      day.checked = true
      day.focus()
    })
  }
}

/** A slider beside a box of numbers has no value of its own: what the box says is sent. */
function pairSliders() {
  for (const slider of document.querySelectorAll("[data-slides]")) {
    const box = document.getElementById(slider.dataset.slides)
    const follow = () => {
      // One that the slider cannot show is not sent either.
      if (box.value) slider.value = box.value
      slider.setAttribute("aria-valuetext", `${slider.value} days`)
    }
    slider.addEventListener("input", () => { box.value = slider.value; follow() })
    box.addEventListener("input", follow)
    // After Back the browser has put what was typed into the box again.
    addEventListener("pageshow", follow)
    follow()
    slider.hidden = false
  }
}

document.addEventListener("pitr-fresh", (fresh) => { addCopyButtons(); say(fresh.detail) })
if (document.querySelector("[data-timeline]")) import("/portal/assets/timeline.js")
listen()
follow()
addCopyButtons()
warnOfEnd()
sendOnce()
readOutcome()
keepFocus()
goByWeeks()
pairSliders()
