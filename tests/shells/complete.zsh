# Prints what zsh offers for a line: zsh -f complete.zsh FOLDER LINE
# FOLDER holds the script, named _ossvec. A second zsh completes the line on a terminal of its own and writes down what
# is added; without a word it is ended after 20 seconds.
zmodload zsh/zpty
folder=$1 line=$2
offered=$(mktemp -d)
cat > $offered/setup <<SETUP
fpath=(${(q)folder} \$fpath)
autoload -U compinit && compinit -u -D
compadd() {
    local -a offers
    if [[ " \$* " != *" -"[OAD]" "* ]]; then
        builtin compadd -A offers "\$@"
        (( \$#offers )) && print -rl -- \$offers >> ${(q)offered}/names
    fi
    builtin compadd "\$@"
}
finished() { : > ${(q)offered}/finished; exit }
comppostfuncs=(finished)
bindkey '^I' complete-word
: > ${(q)offered}/ready
SETUP
zpty shell env TERM=dumb ZDOTDIR=$offered zsh -f -i
zpty -w shell "source $offered/setup"
# Whatever it prints has to be taken, so that it can go on.
wait_for() {
    local output
    repeat 200; do
        [[ -e $offered/$1 ]] && return 0
        while zpty -r -t shell output; do :; done
        zselect -t 10
    done
    return 1
}
zmodload zsh/zselect
wait_for ready && zpty -w -n shell "$line"$'\t' && wait_for finished
finished=$?
zpty -d shell
[[ -e $offered/names ]] && cat $offered/names
rm -rf $offered
exit $finished
