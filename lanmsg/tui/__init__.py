"""The screen: state and update are plain Python, view turns state into rows, app puts them on a terminal.

state, talk, roster            what the screen knows; one conversation; the order of the people
update, moves                  what node events and the person's keys make of it
wrap, viewport, entries, rows  text into rows; the rows in sight; one message; fragments and cells
view, people, strips           the whole picture; the list on the left; the rows round the input
pages, panels, wording, theme  help, transfers and the like; nobody here, key changed; words; signs
keys, commands                 tables: bindings, help, completion and README are made from them
completion, calendar           what Tab offers; days as people type them
desk, actions, reader          what of the node is used; what commands do; parts of long conversations
app, layout, bindings, keyboard, drafts, modes, pace, ending    the only files for prompt_toolkit and asyncio
plain, lines, spoken           the same talk as lines, pages as sentences
console, teletype              where those lines come from and go to: pipes, a terminal
"""
