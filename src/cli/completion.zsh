#compdef bellwether
# bellwether completion for zsh. What fits is known by the program itself.

_bellwether() {
    local line word help
    local -i files=0
    local -a typed whole open
    typed=("${(@Q)words[2,CURRENT]}")
    for line in "${(@f)$(${~words[1]} complete -- "${typed[@]}" 2>/dev/null)}"; do
        word=${line%%$'\t'*}
        help=${line#*$'\t'}
        if [[ $line == :files ]]; then
            files=1
        elif [[ $word == *= ]]; then
            open+=("${word//:/\\:}:$help")
        elif [[ -n $word ]]; then
            whole+=("${word//:/\\:}${help:+:$help}")
        fi
    done
    (( ${#whole} )) && _describe -t words 'bellwether' whole
    (( ${#open} )) && _describe -t flags 'flag' open -S ''
    if (( files )); then
        compset -P '--*='
        _files
    fi
}

if [[ ${funcstack[1]} == _bellwether ]]; then
    _bellwether "$@"
else
    compdef _bellwether bellwether
fi
