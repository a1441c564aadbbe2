# Tab for lanmsg in PowerShell. In $PROFILE: lanmsg completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName lanmsg -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
        })
    $program = $words[0]
    $before = @($words | Select-Object -Skip 1)
    if ($wordToComplete -ne '' -and $before.Count -gt 0) { $before = @($before | Select-Object -SkipLast 1) }
    # An empty argument is lost on the way to a program by PowerShell before 7.3, unless it is quoted once more.
    $current = if ($wordToComplete -eq '' -and $PSVersionTable.PSVersion -lt [version]'7.3') { '""' } else { $wordToComplete }
    $answer = @(& $program completion --candidates -- @before $current 2>$null)
    if ($answer.Count -eq 0 -or $answer[0] -ne 'words') { return }  # PowerShell completes paths by itself

    $answer | Select-Object -Skip 1 | ForEach-Object {
        $value, $meaning = $_ -split "`t", 2
        # A name is somebody else's text: quoted, so that it stays one word and runs nothing.
        $text = if ($value -match '^[\w./:=-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
        if (-not $meaning) { $meaning = $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $meaning)
    }
}
