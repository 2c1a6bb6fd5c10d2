// Filters the reference page as you type, and opens what is found.

const filter = document.getElementById('filter')
const sections = [...document.querySelectorAll('section')]

filter.addEventListener('input', () => {
  const text = filter.value.trim().toLowerCase()
  for (const section of sections) {
    let found = 0
    for (const row of section.querySelectorAll('tr[data-find]')) {
      row.hidden = !row.dataset.find.toLowerCase().includes(text)
      found += !row.hidden
    }
    section.hidden = !found
    for (const fold of section.querySelectorAll('details')) {
      fold.open = text !== '' && fold.querySelector('tr[data-find]:not([hidden])') !== null
    }
  }
})

// A link to a class shows it open.
function open () {
  const section = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  for (const fold of section?.querySelectorAll('details') ?? []) fold.open = true
}
addEventListener('hashchange', open)
open()
