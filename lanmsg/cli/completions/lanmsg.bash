# Tab for lanmsg in bash. In ~/.bashrc: source <(lanmsg completion bash)
_lanmsg() {
  local rest=${COMP_LINE:0:COMP_POINT} words=() word i
  # bash cuts words at @ : and = too; what stands together in the line is put together again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    local stripped=${rest#"${rest%%[![:space:]]*}"}
    word=${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || word=$stripped
    if ((i == 0)) || [[ $stripped != "$rest" ]]; then words+=("$word"); else words[${#words[@]} - 1]+=$word; fi
    rest=${stripped#"$word"}
  done

  local current=${words[${#words[@]} - 1]} quote="" clean=() value
  # Quotes and backslashes are the shell's, not the word's. Nothing of the line is evaluated.
  if [[ $current == [\"\']* ]]; then quote=${current:0:1}; fi
  for word in "${words[@]:1}"; do
    word=${word//[\"\']/}
    clean+=("${word//\\/}")
  done
  current=${clean[${#clean[@]} - 1]-}

  local answer=()
  while IFS= read -r value; do answer+=("$value"); done < <("$1" completion --candidates -- "${clean[@]}" 2>/dev/null)
  COMPREPLY=()
  case ${answer[0]-} in
    files | folders)
      compopt -o filenames 2>/dev/null
      local how=-f
      [[ ${answer[0]} == files ]] || how=-d
      if [[ $current == --*=* ]]; then current=${current#*=}; fi
      # shellcheck disable=SC2088 # a tilde as it was typed
      if [[ $current == "~/"* ]]; then current=$HOME/${current#"~/"}; fi
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen "$how" -- "$current")
      return
      ;;
  esac

  # bash replaces only the last piece of what it cut, and hands it over as $2.
  local piece=$2
  piece=${piece//[\"\']/}
  piece=${piece//\\/}
  local before=${current%"$piece"}
  for value in "${answer[@]:1}"; do
    value=${value%%$'\t'*}
    value=${value#"$before"}
    # A name is somebody else's text: quoted, so that it stays one word and runs nothing.
    if [[ -z $quote ]]; then printf -v value %q "$value"; fi
    COMPREPLY+=("$value")
  done
}
complete -F _lanmsg lanmsg
