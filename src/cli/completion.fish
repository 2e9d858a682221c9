# bellwether completion for fish. What fits is known by the program itself.

function __bellwether_complete
    set -l typed (commandline -opc)
    set -l word (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $typed[1])
    set -e typed[1]
    for line in (command $program complete -- $typed "$word" 2>/dev/null)
        if test "$line" = :files
            set -l lead (string match -r -- '^--[^=]*=' "$word")
            for path in (__fish_complete_path (string replace -- "$lead" '' "$word"))
                echo "$lead$path"
            end
        else
            echo $line
        end
    end
end

complete -c bellwether -f -a '(__bellwether_complete)'
