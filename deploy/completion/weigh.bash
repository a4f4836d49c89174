# Completion of weigh(1) for bash.

_weigh_options() {
    case $1 in
    "login "*) echo "--token --password-file --role --registry --json --help" ;;
    "logout "*) echo "--registry --json --help" ;;
    "whoami "*) echo "--registry --json --help" ;;
    "token create") echo "--name --role --right --days --account --password-file --registry --json --help" ;;
    "token list") echo "--registry --json --help" ;;
    "token revoke") echo "--registry --json --help" ;;
    "token "*) echo "--registry --json --help" ;;
    "create "*) echo "--private --organization --registry --json --help" ;;
    "publish "*) echo "--tag --license --gate --reviewer --quorum --grant-days --key --message --private --allow-unsafe --dry-run --registry --json --help" ;;
    "gate "*) echo "--mode --license --questions --reviewer --quorum --grant-days --released-at --accept-domain --refuse-domain --accept-organization --refuse-organization --members-gated --registry --json --help" ;;
    "license "*) echo "--add --registry --json --help" ;;
    "request "*) echo "--answer --agree --wait --registry --json --help" ;;
    "requests list") echo "--registry --json --help" ;;
    "requests withdraw") echo "--registry --json --help" ;;
    "requests "*) echo "--registry --json --help" ;;
    "review list") echo "--status --registry --json --help" ;;
    "review show") echo "--registry --json --help" ;;
    "review accept") echo "--until --days --registry --json --help" ;;
    "review reject") echo "--reason --registry --json --help" ;;
    "review reset") echo "--reason --registry --json --help" ;;
    "review grant") echo "--until --days --registry --json --help" ;;
    "review revoke") echo "--reason --final --registry --json --help" ;;
    "review report") echo "--output --registry --json --help" ;;
    "review "*) echo "--status --registry --json --help" ;;
    "pull "*) echo "--local-dir --allow-unsigned --publisher-key --accept-key --connections --registry --json --help" ;;
    "verify "*) echo "--public-key --signature --ignore-paths --ignore-unsigned-files --registry --json --help" ;;
    "list "*) echo "--author --search --limit --local --registry --json --help" ;;
    "info "*) echo "--registry --json --help" ;;
    "run "*) echo "--tokens --logits --file --gguf --predict -n --temp --top-k --top-p --min-p --repeat-penalty --repeat-last-n --seed --threads -t --ctx -c --batch --kv --portable --registry --json --help" ;;
    "chat "*) echo "--file --gguf --predict -n --temp --top-k --top-p --min-p --repeat-penalty --repeat-last-n --seed --threads -t --ctx -c --batch --kv --portable --registry --json --help" ;;
    "keygen "*) echo "--out --rotate --revoke --reason --registry --json --help" ;;
    "sign "*) echo "--private-key --signature --ignore-paths --registry --json --help" ;;
    esac
}

_weigh_verbs() {
    case $1 in
    token) echo "create list revoke" ;;
    requests) echo "list withdraw" ;;
    review) echo "list show accept reject reset grant revoke report" ;;
    esac
}

_weigh() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} verb=${COMP_WORDS[2]}

    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "login logout whoami token create publish gate license request requests review pull verify list info run chat keygen sign --help --version" -- "$current"))
        return
    fi
    case $before in
    --file | --key | --license | --local-dir | --logits | --out | --output | --password-file | --private-key | --public-key | --publisher-key | --questions | --signature)
        COMPREPLY=($(compgen -f -- "$current"))
        return
        ;;
    --gate | --mode)
        COMPREPLY=($(compgen -W "open click auto manual quorum" -- "$current"))
        return
        ;;
    --role)
        COMPREPLY=($(compgen -W "read write fine-grained" -- "$current"))
        return
        ;;
    --status)
        COMPREPLY=($(compgen -W "pending accepted rejected reset" -- "$current"))
        return
        ;;
    --kv)
        COMPREPLY=($(compgen -W "f16 f32" -- "$current"))
        return
        ;;
    --members-gated)
        COMPREPLY=($(compgen -W "yes no" -- "$current"))
        return
        ;;
    --accept-domain | --accept-organization | --account | --agree | --answer | --author | --batch | --connections | --ctx | --days | --gguf | --grant-days | --ignore-paths | --limit | --message | --min-p | --name | --predict | --quorum | --reason | --refuse-domain | --refuse-organization | --registry | --released-at | --repeat-last-n | --repeat-penalty | --reviewer | --revoke | --right | --search | --seed | --tag | --temp | --threads | --token | --tokens | --top-k | --top-p | --until | -c | -n | -t)
        return
        ;;
    esac
    case $current in
    -*) COMPREPLY=($(compgen -W "$(_weigh_options "$command $verb")" -- "$current")) ;;
    *)
        if [ "$COMP_CWORD" -eq 2 ]; then
            COMPREPLY=($(compgen -W "$(_weigh_verbs "$command")" -- "$current"))
        fi
        [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
        ;;
    esac
}

complete -o filenames -F _weigh weigh
