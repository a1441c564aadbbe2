# Tab for lanmsg in fish: lanmsg completion fish > ~/.config/fish/completions/lanmsg.fish
function __lanmsg_candidates
    set -l words (commandline -opc | string unescape)
    set -l current (commandline -ct | string unescape)
    set -l answer ($words[1] completion --candidates -- $words[2..-1] "$current" 2>/dev/null)
    switch "$answer[1]"
        case files folders
            set -l prefix (string match -r -- '^--[^=]*=' "$current")
            set -l path (string replace -r -- '^--[^=]*=' '' "$current")
            if test $answer[1] = files
                printf "$prefix%s\n" (__fish_complete_path "$path")
            else
                printf "$prefix%s\n" (__fish_complete_directories "$path")
            end
        case '*'
            if set -q answer[2]
                printf '%s\n' $answer[2..-1]
            end
    end
end
complete -c lanmsg -f -a '(__lanmsg_candidates)'
