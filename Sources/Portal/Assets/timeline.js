// The handle of the timeline: a slider for mouse and keyboard, that snaps to events. Where it stands is one
// fixed instant, in microseconds since 1970, and, at an event, the record that is left out; everything
// shown is a view of these. The plan under it comes from the server, once the handle rests.

const lanes = document.querySelector("[data-timeline]")
const scrub = lanes.querySelector("[data-scrub]")
const box = document.getElementById("at")
const zone = document.querySelector("[data-chooser] select")
const from = Number(lanes.dataset.from)
const to = Number(lanes.dataset.to)
const second = 1000000

const offsets = (lanes.dataset.offsets || "0:0").split(" ").map((text) => {
  const [begin, seconds] = text.split(":").map(Number)
  return { begin, seconds }
})
const events = [...document.querySelectorAll("tr[data-at][data-before]")].map((row) => ({
  at: Number(row.dataset.at), before: row.dataset.before, words: row.querySelector("[data-words]").textContent, row,
})).sort((one, other) => one.at - other.at)

let at = lanes.dataset.at ? Number(lanes.dataset.at) : to
let before = lanes.dataset.before || ""
let isChosen = Boolean(lanes.dataset.at)
let resting
/** What the script put into the box: words that somebody typed are never written over by another zone. */
let written = lanes.dataset.at ? box.value : ""
let asked = 0

// Time as text

function two(number) { return String(number).padStart(2, "0") }

/** `2026-11-29 04:37:12.345678` */
function utc(time) {
  const whole = Math.floor(time / second)
  const date = new Date(whole * 1000)
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} `
    + `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.`
    + String(time - whole * second).padStart(6, "0")
}

/** As a clock of the server's machine shows it, with its offset: the hour that comes twice has two. */
function here(time) {
  const seconds = (offsets.filter((item) => item.begin <= time).at(-1) ?? offsets[0]).seconds
  const minutes = Math.abs(seconds) / 60
  return utc(time + seconds * second) + (seconds < 0 ? "-" : "+") + two(Math.floor(minutes / 60)) + ":" + two(minutes % 60)
}

function apart(microseconds) {
  const seconds = microseconds / second
  if (seconds < 1) return `${microseconds} µs`
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`
}

function inWords() {
  const chosen = events.filter((event) => event.before === before).map((event) => event.words)
  if (chosen.length > 0) {
    const more = chosen.length > 3 ? ` and ${chosen.length - 3} more` : ""
    return `${utc(at)} UTC, just before ${chosen.slice(0, 3).join(", ")}${more}`
  }
  const next = events.find((event) => event.at > at)
  return `${utc(at)} UTC` + (next ? `, next ${next.words}, ${apart(next.at - at)} later` : ", nothing later in the list")
}

// The handle

const svg = "http://www.w3.org/2000/svg"
let handle = scrub.querySelector(".handle")

function makeHandle() {
  handle = document.createElementNS(svg, "svg")
  handle.setAttribute("class", "handle")
  handle.setAttribute("overflow", "visible")
  const line = document.createElementNS(svg, "line")
  line.setAttribute("y2", "100%")
  const knob = document.createElementNS(svg, "path")
  knob.setAttribute("d", "M-7 0H7V9L0 17-7 9Z")
  handle.append(line, knob)
  scrub.querySelector("svg").append(handle)
}

const bubble = document.createElement("output")
bubble.className = "bubble"
bubble.setAttribute("aria-hidden", "true")

function show() {
  const share = Math.min(Math.max((at - from) / (to - from), 0), 1)
  handle.setAttribute("x", `${(share * 100).toFixed(3)}%`)
  const words = inWords()
  scrub.setAttribute("aria-valuenow", String(Math.round(at / second)))
  scrub.setAttribute("aria-valuetext", words)
  bubble.textContent = words
  bubble.className = share > 0.5 ? "bubble left" : "bubble"
  bubble.style.left = `${share * 100}%`
  for (const event of events) event.row.toggleAttribute("data-chosen", event.before === before)
}

/** Writes the moment in the zone that is chosen. */
function write() {
  box.value = zone && zone.value === "local" ? here(at) : utc(at)
  written = box.value
  keep("[data-chooser]", "before", before)
  keep("[data-chooser]", "shown", `${box.value} ${zone ? zone.value : "UTC"}`)
  keep("[data-filter]", "at", String(at))
  keep("[data-filter]", "before", before)
}

/** Goes along with a form, as a field that is not seen. */
function keep(form, name, value) {
  const whole = document.querySelector(form)
  let field = whole.querySelector(`input[name="${name}"]`)
  if (!field) {
    field = document.createElement("input")
    field.type = "hidden"
    field.name = name
    whole.append(field)
  }
  field.value = value
}

/** Moves to an instant, or to just before an event. */
function move(time, event) {
  at = Math.min(Math.max(Math.round(time), from), to)
  before = event ? event.before : ""
  isChosen = true
  show()
  write()
  pointLinks()
  const result = document.getElementById("cut-result")
  result.setAttribute("aria-busy", "true")
  clearTimeout(resting)
  resting = setTimeout(ask, 350)
}

// The plan

function fields() {
  const query = new URLSearchParams(lanes.dataset.query)
  query.set("at", String(at))
  if (before) query.set("before", before)
  return query
}

/** Ranges, closer and farther are looked at around where the handle is now, and take it along. */
function pointLinks() {
  if (!isChosen) return
  for (const link of document.querySelectorAll(".ranges a")) {
    const target = new URL(link.href)
    target.searchParams.set("at", String(at))
    target.searchParams.delete("before")
    if (before) target.searchParams.set("before", before)
    if (!["earlier", "later"].includes(link.dataset.move)) {
      const first = Number(lanes.dataset.first)
      const length = Number(target.searchParams.get("to")) - Number(target.searchParams.get("from"))
      const latest = Math.max(Number(lanes.dataset.last) - length, first)
      const begin = Math.min(Math.max(at - Math.floor(length / 2), first), latest)
      target.searchParams.set("from", String(begin))
      target.searchParams.set("to", String(begin + length))
    }
    link.href = target
  }
}

/** Asks the server for the plan; an answer that is no longer wanted is thrown away. */
async function ask() {
  const number = ++asked
  const query = fields()
  history.replaceState(null, "", `${lanes.dataset.path}?${query}`)
  query.set("part", "cut")
  let text
  try {
    const answer = await fetch(`${lanes.dataset.path}?${query}`, { headers: { "Accept": "text/html" } })
    if (answer.redirected) return location.reload()
    text = await answer.text()
  } catch {
    text = ""
  }
  if (number !== asked) return
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("cut-result")
  const old = document.getElementById("cut-result")
  if (fresh) old.replaceWith(fresh)
  else {
    old.removeAttribute("aria-busy")
    old.textContent = "The server did not answer; move the handle again."
  }
  document.dispatchEvent(new CustomEvent("pitr-fresh", { detail: fresh?.dataset.said ?? old.textContent }))
}

// Mouse and touch

function timeAt(pointer) {
  const box = scrub.getBoundingClientRect()
  const share = Math.min(Math.max((pointer.clientX - box.left) / box.width, 0), 1)
  return { time: from + share * (to - from), tolerance: (to - from) * 7 / box.width }
}

function follow(pointer) {
  const { time, tolerance } = timeAt(pointer)
  const near = events.filter((event) => Math.abs(event.at - time) <= tolerance)
    .sort((one, other) => Math.abs(one.at - time) - Math.abs(other.at - time))[0]
  move(near ? near.at : time, near)
}

scrub.addEventListener("pointerdown", (pointer) => {
  if (pointer.button !== 0) return
  scrub.setPointerCapture(pointer.pointerId)
  scrub.focus({ preventScroll: true })
  follow(pointer)
})
scrub.addEventListener("pointermove", (pointer) => {
  if (scrub.hasPointerCapture(pointer.pointerId)) follow(pointer)
})
scrub.addEventListener("wheel", (wheel) => {
  if (!wheel.ctrlKey) return
  wheel.preventDefault()
  zoom(wheel.deltaY < 0 ? "in" : "out")
}, { passive: false })

// Keyboard

/** The range beside, closer or farther is a page of its own; the handle is taken along. */
function zoom(key) {
  const link = document.querySelector(`[data-move="${key}"]`)
  if (!link) return
  const target = new URL(link.href)
  target.hash = "scrub"
  location.assign(target)
}

/** To the next event: what one transaction did is left out together, and is one stop. */
function step(direction) {
  const ordered = direction > 0 ? events : events.toReversed()
  const index = ordered.findLastIndex((event) => event.before === before)
  const next = index >= 0 ? ordered[index + 1] : ordered.find((event) => (event.at - at) * direction > 0)
  if (next) move(next.at, next)
}

scrub.addEventListener("keydown", (key) => {
  if (key.altKey || key.metaKey) return
  const steps = {
    ArrowLeft: -second, ArrowDown: -second, ArrowRight: second, ArrowUp: second,
    PageDown: -60 * second, PageUp: 60 * second,
  }
  if (key.key in steps && key.ctrlKey) step(Math.sign(steps[key.key]))
  else if (key.key in steps) move(at + steps[key.key])
  else if (key.key === "Home") move(from)
  else if (key.key === "End") move(to)
  else if (["+", "-", "0"].includes(key.key) && !key.ctrlKey) {
    if (key.key === "0") location.assign([...document.querySelectorAll(".ranges a:not([data-move])")].at(-1).href + "#scrub")
    else zoom(key.key === "+" ? "in" : "out")
  } else return
  key.preventDefault()
})

// What is beside it

if (zone) zone.addEventListener("change", () => { if (written && box.value === written) write() })
for (const event of events) {
  const link = event.row.querySelector("[data-take]")
  if (!link) continue
  link.addEventListener("click", (click) => {
    if (click.ctrlKey || click.metaKey || click.shiftKey) return
    click.preventDefault()
    move(event.at, event)
    document.getElementById("cut").scrollIntoView({ block: "nearest" })
    scrub.focus({ preventScroll: true })
  })
}

if (!handle) makeHandle()
scrub.id = "scrub"
scrub.append(bubble)
const attributes = {
  role: "slider", tabindex: "0", "aria-label": "Moment to restore to", "aria-orientation": "horizontal",
  "aria-valuemin": String(Math.floor(from / second)), "aria-valuemax": String(Math.ceil(to / second)),
  "aria-controls": "cut-result",
}
for (const [name, value] of Object.entries(attributes)) scrub.setAttribute(name, value)
document.body.classList.add("with-script")
show()
if (location.hash === "#scrub") scrub.focus()
