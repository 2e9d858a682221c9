# bellwether completion for bash 4.3 and later. What fits is known by the program itself.

_bellwether() {
    local -a words=('')
    local previous=' ' token word value lead strip='' part line file i
    # Bash takes words apart at = and :, the program wants them whole.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        token=${COMP_WORDS[i]}
        if ((i > 1)) && [[ $token == [=:]* || $previous == *[=:] ]]; then
            words[-1]+=$token
        else
            words+=("$token")
        fi
        previous=$token
    done
    word=${words[-1]}
    # What bash will replace begins behind the last = or : that it splits at.
    for part in = :; do
        if [[ $COMP_WORDBREAKS == *$part* && $word == *$part* ]]; then
            value=${word%"${word##*$part}"}
            ((${#value} > ${#strip})) && strip=$value
        fi
    done
    value=$word
    [[ $word == --*=* ]] && value=${word#*=}
    lead=${word%"$value"}
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r file; do
                file=$lead$file
                COMPREPLY+=("${file#"$strip"}")
            done < <(compgen -f -- "$value")
        else
            line=${line%%$'\t'*}
            COMPREPLY+=("${line#"$strip"}")
        fi
    done < <("${COMP_WORDS[0]/#\~\//$HOME/}" complete -- "${words[@]:1}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -F _bellwether bellwether
